"""When two names are the same."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.services.names import account_key, account_keys, folded, search_key, searched

#: Every letter and mark outside the large regular blocks (Han, Hangul, Tangut), which fold to themselves.
LETTERS = [
    chr(number)
    for number in range(sys.maxunicode + 1)
    if unicodedata.category(chr(number))[0] in "LMN"
    and not 0x3400 <= number <= 0x9FFF
    and not 0xAC00 <= number <= 0xD7A3
    and not 0x17000 <= number <= 0x18CFF
    and not 0x20000 <= number <= 0x3FFFF
]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("alice", "ａｌｉｃｅ"),
        ("alice", "ＡＬＩＣＥ"),
        ("strasse", "Straße"),
        ("strasse", "STRAẞE"),
        ("file", "ﬁle"),
        ("office", "OFﬁCE"),
        ("é", "e\u0301"),
        ("É", "e\u0301"),
        ("i\u0307", "İ"),
        ("σ", "ς"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("k", "\u212a"),
        ("ångström", "A\u030aNGSTRO\u0308M"),
        ("\u03b1\u03b9", "\u1fb3"),
        ("2", "²"),
        ("カ", "ｶ"),
        ("한", "\u1112\u1161\u11ab"),
        *(
            ("victim", f"vic{hidden}tim")
            for hidden in "\ufe0f\u034f\u115f\U000e0100\u00ad\u200b\u200d\u3164\uffa0\u17b4"
        ),
        ("é", "e\u034f\u0301"),
    ],
)
def test_names_that_are_written_differently_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("alice", "alíce"), ("o", "0"), ("i", "ı"), ("a", "а"), ("alice", "alice "), ("李", "季"), ("a.b", "a_b")],
)
def test_names_that_differ_stay_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    once = folded(text)
    assert folded(once) == once


def test_folding_every_letter_twice_is_folding_it_once() -> None:
    assert [letter for letter in LETTERS if folded(folded(letter)) != folded(letter)] == []


@given(st.text())
def test_a_letter_with_its_marks_is_the_same_name_composed_or_not(text: str) -> None:
    assert folded(unicodedata.normalize("NFC", text)) == folded(unicodedata.normalize("NFD", text)) == folded(text)


def test_a_search_key_has_both_names_and_no_match_crosses_them() -> None:
    key = search_key("Ａlice", "STRAßE")
    assert key == "alice\nstrasse"
    assert "alicestrasse" not in key


def test_an_account_is_found_by_its_name_in_any_form() -> None:
    for name in ("Alice", "é" * 50, "\u01ec" * 50, "\ufdfa" * 50):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert account_key(unicodedata.normalize(form, name)) == folded(name)


def test_what_is_too_long_to_be_a_name_is_nobodys_and_is_not_folded() -> None:
    assert account_key("a" + "\u0315\u0316" * 1_000_000) == ""  # folding it would take hours


@given(st.text(), st.text(st.sampled_from("\ufe0f\u034f\u115f\U000e0100\u00ad\u200b\u200d\u3164\uffa0"), max_size=3))
def test_what_nobody_sees_makes_no_other_name(text: str, hidden: str) -> None:
    middle = len(text) // 2
    assert folded(text[:middle] + hidden + text[middle:]) == folded(text)


def test_an_account_is_found_with_white_space_around_its_name() -> None:
    assert account_keys(" Ana \n") == account_keys("ana") == ("ana",)
    assert account_key("\u3000Ana\u00a0") == "ana"


def test_a_name_from_before_is_found_as_it_is_written_and_else_the_one_without_what_is_hidden() -> None:
    assert account_keys("Victim\ufe0f") == ("victim\ufe0f", "victim")
    assert account_keys("victim") == ("victim",)
    assert account_keys("\u3164") == ("\u1160",)
    assert account_keys(" ") == account_keys("a" * 1_000) == ()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        *(("Jürgen", "jurgen"), ("Ångström", "angstrom"), ("Đặng", "đang"), ("Éva", "eva"), ("Ṩ", "s"), ("Ünï", "uni")),
        *(("Σίσυφος", "σισυφοσ"), ("ᾴ", "αι"), ("Йога", "иога"), ("Ё", "е")),
        *(("が", "が"), ("हिन्दी", "हिन्दी"), ("שָׁלוֹם", "שָׁלוֹם"), ("한", "한"), ("ά̣ が", "α が")),
        *((" ana ", "ana"), ("a \t\n b", "a b"), ("\u200b", ""), ("  ", "")),
    ],
)
def test_a_search_passes_over_case_spaces_and_the_marks_of_some_scripts(written: str, found: str) -> None:
    assert searched(written) == found == searched(found)


@given(st.text())
def test_a_search_finds_a_name_by_itself_and_however_it_is_composed(text: str) -> None:
    assert searched(searched(text)) == searched(text)
    assert (
        searched(unicodedata.normalize("NFD", text)) == searched(text) == searched(unicodedata.normalize("NFC", text))
    )
    assert searched(text) in search_key("x", text)
