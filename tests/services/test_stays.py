"""Whatever people do in a group, in whatever order: each sees, counts and is told what a plain model says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.services.group_model import PEOPLE, World, fresh_database
from tests.services.in_memory import opened

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
    with opened(fresh_database()) as db:
        world = World(db)
        for step in taken:
            world.step(*step)
            world.check()
            if not world.model.members:
                world.restore()
                world.check()
