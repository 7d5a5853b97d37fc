"""PostgreSQL, 15 or newer, for several processes that are one server. All that is its own is in this room:

- ``translation``: the shared SQL in PostgreSQL's words, once for each statement.
- ``connections``: how a connection is made, its settings, and what is refused.
- ``sql``, ``writer``: a connection as storage sees it; the lock under which everything is committed, and what becomes
  of a commit whose answer was lost.
- ``engine``, ``beside``, ``listening``: who reads, writes and listens on which thread.
- ``lineage``: which PostgreSQL it is, and the epoch that ends with it.
- ``migrate``, ``keys``: the tables, and the signing key.

``psycopg`` is imported here alone, and only where a URL is set.
"""
