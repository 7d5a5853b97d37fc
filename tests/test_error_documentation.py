"""docs/errors.md has every code there is, with its status and its sentence, and no other."""

import re
from pathlib import Path

from chatd.api import bodies
from chatd.api.refusals import STATUS
from chatd.errors import ChatError, MalformedFrame, UnknownCommand
from chatd.http.answers import HTTP_ERRORS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "errors.md").read_text(encoding="utf-8")


def sentences() -> dict[str, tuple[str, list[str]]]:
    """Return the status and the sentences of every code; of a kind with kinds below it, only its own."""
    kinds: list[type[ChatError]] = [*STATUS, MalformedFrame, UnknownCommand]
    found: dict[str, tuple[str, list[str]]] = {}
    for status, (code, sentence) in HTTP_ERRORS.items():
        found[code] = str(status), [sentence]
    for kind in kinds:
        is_derived = any(other is not kind and issubclass(kind, other) and other.code == kind.code for other in kinds)
        if is_derived:
            continue
        _, known = found.setdefault(kind.code, (str(STATUS.get(kind, "socket")), []))
        if kind.sentence() not in known:
            known.append(kind.sentence())
    return found


def rows() -> list[list[str]]:
    """Return the cells of the table's rows."""
    table = PAGE[PAGE.index("| code | status |") :]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:] if line]


def test_the_page_has_a_row_for_every_code_with_its_status_and_what_it_says() -> None:
    assert bodies.MalformedJson in STATUS
    shown = {row[0].strip("`"): (row[1], row[2]) for row in rows()}
    assert shown.keys() == sentences().keys()
    for code, (status, said) in sentences().items():
        assert shown[code][0] == status, code
        shown_sentences = re.findall(r"[A-Z][^.]*\.", shown[code][1])
        assert shown_sentences, code
        assert set(shown_sentences) <= set(said), code


def test_the_rows_are_in_order_and_each_says_what_to_do() -> None:
    codes = [row[0] for row in rows()]
    assert codes == sorted(codes)
    assert all(len(row) == 4 and row[3] for row in rows())
