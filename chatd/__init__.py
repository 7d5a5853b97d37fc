"""chatd: a chat server whose acknowledgements mean stored."""

__version__ = "0.1.0"
