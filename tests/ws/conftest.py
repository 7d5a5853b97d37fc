"""Fixtures for the tests of the socket."""

from tests.api.conftest import clock as clock
