"""The table of characters, asked about every one there is."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.services.characters import (
    has_enclosing_mark,
    has_hidden,
    has_letter_or_digit,
    hides_something,
    is_visible,
)

EVERY = [chr(number) for number in range(sys.maxunicode + 1)]

#: What nobody sees, by the blocks and names of Unicode and not by the properties that the table goes by.
UNSEEN = [
    *map(chr, (*range(0x20), *range(0x7F, 0xA0))),
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u3164\uffa0\ufeff\u2800\ufff9\ufffa\ufffb",
    *map(chr, (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10))),
    *map(chr, (*range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000), 0x1D159, 0x13441, 0x13442, 0x16FE4)),
    *map(chr, (0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0xD800, 0xDFFF)),
]

#: Signs around digits, which are formats to Unicode and are drawn.
DRAWN_FORMATS = "\u0600\u0601\u0605\u06dd\u070f\u08e2"

WELL_JOINED = [
    "می\u200cخواهم",
    "نامه\u200cای",
    "ශ\u0dca\u200dරී",
    "क\u094d\u200dष",
    "র\u200d\u09cdযা",
    "ന\u0d4d\u200d",
    "کار\u200cها",
    "امیر\u200cحسین",
    "زهراء\u200cسادات",
    "ه\u200d",
    "शि\u200cव",
    "ಶ್ರೀ\u200cರಾಮ್",
    "पु\u200cर्\u200dयाउ",
    "ᠪᠠᠶᠢᠷ\u180eᠠ",
    "ᠣ\u180b",
    "សុខា\u200bចាន់",
    "❤️",
    "❤︎",
    "👍\ufe0f",
    "1️⃣",
    "#⃣",
    "👩\u200d🚀",
    "👩🏽\u200d❤️\u200d💋\u200d👨🏿",
    "🏳️\u200d⚧️",
    "👁️\u200d🗨️",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "🇨🇭",
    "🧑\u200d🧑\u200d🧒",
]

ILL_JOINED = [
    "a\u200db",
    "a\u200cb",
    "ab\u200d",
    "\u200dab",
    "日\u200c本",
    "کار\u200c",
    "کار\u200c\u200cها",
    "کار\u200bها",
    "ه\u200d\u200d",
    "ه\u200c",
    "कक\u200d",
    "\u200dक",
    "ก\u200b",
    "ᠪ\u180e",
    "a\u180eb",
    "שׁ\u200dל",
    "გ\u200cი",
    "한\u200d글",
    "क\u094d\u200d\u200dष",
    "👩\u200d",
    "👩\u200da",
    "1\ufe0f",
    "a\ufe0f",
    "\ufe0f",
    "👍\ufe0f\ufe0f",
    "x\U000e0067\U000e007f",
    "🏴\U000e0067",
    "葛\U000e0100",
]


def test_what_nobody_sees_is_hidden_wherever_it_stands() -> None:
    for unseen in UNSEEN:
        assert has_hidden(unseen), ascii(unseen)
        for name in (f"ab{unseen}cd", f"{unseen}ab", f"ab{unseen}", f"日{unseen}本"):
            assert hides_something(name), ascii(name)
        assert not is_visible(f" {unseen}\t{unseen} \u3000"), ascii(unseen)
        assert not has_letter_or_digit(f"🎉{unseen}"), ascii(unseen)


def test_every_letter_digit_and_sign_that_is_drawn_is_seen() -> None:
    unseen = set(UNSEEN)
    seen = [each for each in EVERY if unicodedata.category(each)[0] in "LNPS" and each not in unseen]
    assert len(seen) > 130_000
    assert [
        ascii(each) for each in [*seen, *DRAWN_FORMATS] if has_hidden(each) or not is_visible(f"\u200b{each}")
    ] == []


def test_a_message_that_begins_with_what_is_seen_is_seen_and_nothing_else_begins_so() -> None:
    printable = [each for each in EVERY if each.isprintable() and each != " "]
    assert len(printable) > 140_000
    unseen = [each for each in printable if not is_visible(each)]
    assert unseen == [each for each in printable if has_hidden(each)]
    assert len(unseen) > 250


@pytest.mark.parametrize("text", WELL_JOINED)
def test_a_joiner_a_selector_and_a_tag_are_fine_where_they_are_of_use(text: str) -> None:
    assert has_hidden(text) or text in ("🇨🇭", "#⃣")
    for name in (text, f"Ada {text}", f"{text} Ada"):
        assert not hides_something(name)
        assert not has_enclosing_mark(name)


@pytest.mark.parametrize("text", ILL_JOINED)
def test_they_are_hidden_elsewhere(text: str) -> None:
    assert hides_something(text)


def test_a_mark_that_encloses_is_found_but_on_a_keycap() -> None:
    enclosing = [each for each in EVERY if unicodedata.category(each) == "Me"]
    assert len(enclosing) == 13
    assert all(has_enclosing_mark(f"a{each}") for each in enclosing)
    assert not has_enclosing_mark("1️⃣ a 2⃣")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_two_texts_that_hide_nothing_hide_nothing_together(text: str) -> None:
    if not hides_something(text):
        assert not hides_something(f"{text} {text}")
        assert not re.search("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u00ad\ufeff]", text)
    if not has_hidden(text):
        assert not hides_something(text)
