"""A PostgreSQL that is there already, with a new database for each round."""

import contextlib
import itertools
import os
from collections.abc import Iterator

import psycopg
from psycopg import conninfo, sql

_numbers = itertools.count(1)


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    """Make a database, and drop it in the end.

    :param server: the URL of a database from which others may be made.
    :returns: its URL.
    """
    name = f"chatd_bench_{os.getpid()}_{next(_numbers)}"
    given = conninfo.conninfo_to_dict(server)
    with contextlib.closing(psycopg.connect(server, autocommit=True)) as db:
        db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            rest = "&".join(f"{key}={value}" for key, value in given.items() if key != "dbname")
            yield f"postgresql:///{name}?{rest}"
        finally:
            db.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
