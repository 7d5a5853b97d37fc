"""Fixtures for the tests of the metrics."""

import pytest

from tests.conftest import Start
from tests.metrics.support import Measured, measured


@pytest.fixture
async def server(start: Start) -> Measured:
    """A server with its metrics on a listener of their own, and nobody on it."""
    return await measured(start)
