"""Errors of PostgreSQL: which are the statement's, and what to say of the others."""

import psycopg

#: The server cannot write for now: it is full, stops, or is a standby. https://postgresql.org/docs/current/errcodes-appendix.html
_CLASSES = frozenset({"08", "53", "57", "58", "XX"})
_CODES = frozenset({"25006", "25P03", "40001", "40P01", "55P03"})


def is_storage_fault(error: Exception) -> bool:
    """Report whether an error is the fault of the server or of the way to it, and not of the statement."""
    if not isinstance(error, psycopg.Error):
        return False
    code = error.sqlstate
    if code is None:  # the library's own: it lost the server, or never had it
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return code[:2] in _CLASSES or code in _CODES


def reason(error: Exception) -> str:
    """Return the reason of an error in one line, for an operator; it has no password in it."""
    return " ".join(str(error).split()) or type(error).__name__
