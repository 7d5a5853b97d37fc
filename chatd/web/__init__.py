"""The web client as the server sees it: built files, pages, and what the client is told about the server."""
