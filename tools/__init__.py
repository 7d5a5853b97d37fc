"""Tools for people who work on chatd; no part of what is installed."""
