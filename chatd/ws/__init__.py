"""The socket: one connection and its outbox, the registry of all, and the handler that speaks with a client."""
