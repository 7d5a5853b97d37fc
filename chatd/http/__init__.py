"""HTTP below the routes: listeners, timers, TLS, proxies, and one form for every error."""
