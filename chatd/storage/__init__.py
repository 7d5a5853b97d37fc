"""All SQL. Functions here are synchronous and take the connection of a running transaction."""
