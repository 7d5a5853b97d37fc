"""The web client in a real browser, served by the real server."""
