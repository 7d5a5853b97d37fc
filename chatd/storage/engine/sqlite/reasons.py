"""What SQLite says of a disk that fails, in words for an operator."""

import sqlite3

#: By extended result codes: https://sqlite.org/rescode.html
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full",  # for the index of the write-ahead log
    sqlite3.SQLITE_IOERR_FSYNC: "the disk fails to sync",
    sqlite3.SQLITE_IOERR_DIR_FSYNC: "the disk fails to sync",
}


def reason(error: Exception) -> str:
    """Return what is wrong."""
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0), str(error))
