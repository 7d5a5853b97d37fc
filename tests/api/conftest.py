"""Fixtures for the tests of the REST door."""

from functools import partial

import pytest

from chatd.app import create_app
from tests.api.support import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The wall clock of every server started afterwards."""
    clock = Clock()
    monkeypatch.setattr("chatd.serve.create_app", partial(create_app, clock=clock))
    return clock
