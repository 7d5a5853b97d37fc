"""SQLite. All that is its own is in this room, and nothing outside it:

- ``connections``: the pragmas every connection begins with. They say when to sync, when to checkpoint, how long to wait
  for another process; PostgreSQL has settings for the like.
- ``sql``: a connection as storage sees it. Lists are passed as JSON, pairs as ``VALUES``, rows one by one; temporary
  triggers count changes, for PostgreSQL ordinary ones will.
- ``engine``, ``beside``: who reads and writes on which thread, and how a transaction begins and ends.
- ``write_ahead_log``, ``damage``, ``faults``: the files of the database, and what the disk may do to them.
- ``backup``, ``restore``: copies of the file, made by SQLite while it is written to.
- ``migrate``: tables are made and changed in SQLite's words; the other engine has its own.

Every other statement is in the dialect both engines share, and a test reads each.
"""
