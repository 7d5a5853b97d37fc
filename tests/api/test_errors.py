"""Errors: every kind has a status, a stable name and a sentence."""

import re
from collections.abc import Iterator

from chatd.api.endpoint import STATUS
from chatd.errors import ChatError


def kinds(base: type[ChatError] = ChatError) -> Iterator[type[ChatError]]:
    """Return every kind of error below ``base``."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_error_has_a_status() -> None:
    assert set(kinds()) == set(STATUS)


def test_every_kind_of_error_has_a_name_of_its_own_and_one_sentence() -> None:
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))
    for kind in kinds():
        assert re.fullmatch(r"[a-z][a-z_]+", kind.code)
        assert re.fullmatch(r"[A-Z][^\n]*\.", kind.sentence())
