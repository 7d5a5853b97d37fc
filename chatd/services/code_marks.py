"""What backticks mark as code in a message, as Markdown has it: CommonMark 0.31, sections 4.5 and 6.1."""

import re
from collections.abc import Sequence

_BACKTICKS = re.compile("`+")

_BLANK_LINE = re.compile(r"\n[ \t]*\n")

#: What may stand in a line before the backticks that begin or end a block.
_INDENT = re.compile(r" {0,3}\Z")

#: The fewest backticks that make a block.
_BLOCK_MIN = 3


def without_code(text: str) -> str:
    """Return a text with a backtick in the place of each piece of code.

    A line that begins with three backticks or more begins a block, which ends at a line of as many or more, or with the
    text. Elsewhere as many backticks as begin a piece of code end it, in the same paragraph.
    """
    if "`" not in text:
        return text
    marks = list(_BACKTICKS.finditer(text))
    kept, start = [], 0
    for number, mark in enumerate(marks):
        if mark.start() >= start:
            end = (_end_of_block if _begins_block(text, marks, number) else _end_of_span)(text, marks, number)
            if end is not None:
                kept.append(text[start : mark.start()])
                start = end
    return "`".join([*kept, text[start:]])


def _begins_block(text: str, marks: Sequence[re.Match[str]], number: int) -> bool:
    mark = marks[number]
    if len(mark[0]) < _BLOCK_MIN or not _is_first_in_line(text, mark):
        return False
    return number + 1 == len(marks) or marks[number + 1].start() > _line_end(text, mark.end())


def _end_of_block(text: str, marks: Sequence[re.Match[str]], number: int) -> int:
    for later in (marks[place] for place in range(number + 1, len(marks))):
        if len(later[0]) >= len(marks[number][0]) and _is_first_in_line(text, later):
            end = _line_end(text, later.end())
            if not text[later.end() : end].strip(" \t"):
                return end
    return len(text)


def _end_of_span(text: str, marks: Sequence[re.Match[str]], number: int) -> int | None:
    for place in range(number + 1, len(marks)):
        if _BLANK_LINE.search(text, marks[place - 1].end(), marks[place].start()):
            return None
        if len(marks[place][0]) == len(marks[number][0]):
            return marks[place].end()
    return None


def _is_first_in_line(text: str, mark: re.Match[str]) -> bool:
    return _INDENT.match(text, text.rfind("\n", 0, mark.start()) + 1, mark.start()) is not None


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end
