"""Whatever people do in a group, in whatever order: each sees, counts and is told what a plain model says."""

import sqlite3
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.storage.engine.sqlite.sql import Connection
from tests.services.group_model import PEOPLE, World, fresh_database

steps = st.lists(
    st.tuples(
        st.sampled_from(
            [*["join"] * 3, "leave", *["send"] * 4, "edit", "delete", "react", "react", "read", "all", "joined", "end"]
        ),
        st.sampled_from(PEOPLE),
        st.integers(0, 9),
    ),
    min_size=20,
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_a_group_is_what_a_plain_model_says(taken: list[tuple[str, int, int]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Connection)) as db:
        db.deserialize(fresh_database())
        db.execute("PRAGMA foreign_keys = ON")
        db.count_changes()
        world = World(db)
        for step in taken:
            world.step(*step)
            world.check()
            if not world.model.members:
                world.restore()
                world.check()
