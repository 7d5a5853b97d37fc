"""Code in messages, which names nobody."""

import pytest

from chatd.services.code_marks import without_code


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no code", "no code"),
        ("a `b` c", "a ` c"),
        ("a ``b ` c`` d", "a ` d"),
        ("a `b`` c", "a `b`` c"),
        ("`a` `b`", "` `"),
        ("a ` b", "a ` b"),
        ("two\n\nparagraphs ` of one\n \nand ` another", "two\n\nparagraphs ` of one\n \nand ` another"),
        ("a `line\nbreak` is none", "a ` is none"),
        ("```\na\n```\nb", "`\nb"),
        ("```py\na ` b\n\nc\n  ````  \nd", "`\nd"),
        ("before\n   ```\nto the end `a", "before\n   `"),
        ("    ```\nfour spaces are too many", "    ```\nfour spaces are too many"),
        ("```a``` b", "` b"),
        ("````\n```\n@a\n````", "`"),
        ("```\n``` a\n@b", "`"),
    ],
)
def test_what_is_left_without_code(text: str, left: str) -> None:
    assert without_code(text) == left


def test_thousands_of_backticks_are_told_apart() -> None:
    assert without_code("` `` ` " * 4000) == "` " * 4000
    lengths = " ".join("`" * length for length in range(1, 300))
    assert without_code(lengths) == lengths
    assert without_code("\n\n`" * 6000) == "\n\n`" * 6000
