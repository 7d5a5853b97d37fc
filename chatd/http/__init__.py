"""HTTP below the routes: sockets, timers, TLS, proxies, and one form for every error."""
