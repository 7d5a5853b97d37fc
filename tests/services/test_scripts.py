"""Names that no language writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.services.names import folded
from chatd.services.scripts import is_of_one_language
from tests.services.test_names import LETTERS

CYRILLIC_A = "а"
GREEK_O = "ο"


@pytest.mark.parametrize(
    "name",
    [
        *("ana", "анна", "Ünï_c.ö-dé9", "e\u0301a\u0301", "ΣΊΣΥΦΟΣ", "शकुन्तला", "ﷺ", "tr\u1ea7n", "ǆor", "ʻokina"),
        *("李小龍", "李小龍bruce", "ㄅㄆㄇ李", "ひらがな", "東京タワー", "tokyo東京タワーの", "ｶﾀｶﾅ"),
        *("한국어", "서울seoul", "大韓민국", "ᄒ\u1161\u11ab국"),
        *("user007", "анна1", "علي٣", "रम४", "...", "007", "٣٤٥"),
    ],
)
def test_what_some_language_writes_is_fine(name: str) -> None:
    assert is_of_one_language(folded(name))


@pytest.mark.parametrize(
    "name",
    [
        f"{CYRILLIC_A}na",
        f"an{CYRILLIC_A}",
        f"b{GREEK_O}b",
        "раypal",
        "аdmin1",
        "\u2126a",  # OHM SIGN, which folds to the Greek omega
        "\u00b5a",  # MICRO SIGN, to the Greek mu
        "a\u0345",  # COMBINING GREEK YPOGEGRAMMENI, to iota
        "\U0001d6c2a",  # MATHEMATICAL BOLD SMALL ALPHA
        "ひらcyrillicж",
        "ㄅひら",
        "한ひ",
        "漢字한ㄅ",
        "αλφαא",
        "देবা",
        "Ꭺna",  # Cherokee
        "ꓮna",  # Lisu
        "12৪",  # a Bengali four
        "٣۴",  # Arabic-Indic and extended
    ],
)
def test_what_no_language_writes_is_refused(name: str) -> None:
    assert not is_of_one_language(folded(name))


def test_every_letter_mark_and_digit_is_of_some_script() -> None:
    assert [hex(ord(letter)) for letter in LETTERS if not is_of_one_language(folded(letter))] == []


@given(st.lists(st.sampled_from("aаαאक漢ひカㄅ한1٣_."), min_size=1, max_size=5))
def test_how_letters_are_ordered_and_repeated_does_not_matter(letters: list[str]) -> None:
    name = "".join(letters)
    assert is_of_one_language(name) == is_of_one_language("".join(sorted(set(letters)))) == is_of_one_language(name * 2)
