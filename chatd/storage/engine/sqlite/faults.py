"""Errors of SQLite that the disk caused, and their reasons in words for an operator."""

import sqlite3

#: The primary result codes of faults of the disk rather than the statement: https://sqlite.org/rescode.html
_STORAGE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
    }
)

#: A sync failed: what the kernel reported as written may not be on disk, and no later sync will say so.
_UNSYNCED = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})


#: By extended result codes: https://sqlite.org/rescode.html
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full",  # for the index of the write-ahead log
    sqlite3.SQLITE_IOERR_FSYNC: "the disk fails to sync",
    sqlite3.SQLITE_IOERR_DIR_FSYNC: "the disk fails to sync",
}


def is_storage_fault(error: Exception) -> bool:
    """Report whether an error is the fault of the disk rather than the statement."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _STORAGE_FAULTS


def is_unsynced(error: Exception) -> bool:
    """Report whether a sync failed."""
    return getattr(error, "sqlite_errorcode", 0) in _UNSYNCED


def reason(error: Exception) -> str:
    """Return the reason of an error, for an operator."""
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0), str(error))
