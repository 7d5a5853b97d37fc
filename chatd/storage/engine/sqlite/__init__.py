"""SQLite: the connections, the file, its write-ahead log, its copies and its migrations."""
