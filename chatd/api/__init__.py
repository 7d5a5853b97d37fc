"""The REST door: one table of routes, one file a noun, and everything they share around them."""
