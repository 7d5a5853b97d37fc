"""What a reaction is, and when two are the same."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.services.reactions import is_reaction, reaction_key, shown_reaction

#: The emoji that the web client offers, from the package that it takes them from.
PICKER = Path(__file__).resolve().parents[2] / "web/node_modules/emojibase-data/en/data.json"

#: As keyboards send them.
EMOJI = [
    "👍",
    "❤️",
    "☺️",
    "✌️",
    "✌🏽",
    "☝🏿",
    "©️",
    "ℹ️",
    "↔️",
    "▶️",
    "1️⃣",
    "#️⃣",
    "🇨🇭",
    "🫆",
    "⛹️",
    "⛹🏽\u200d♀️",
    "👨\u200d👩\u200d👧\u200d👦",
    "👩🏽\u200d🚒",
    "👩🏽\u200d❤️\u200d💋\u200d👨🏿",
    "🏳️\u200d⚧️",
    "🏴\u200d☠️",
    "👁️\u200d🗨️",
    "🕵️\u200d♂️",
    "🐈\u200d⬛",
    "🧑\u200d🧑\u200d🧒",
    "😶\u200d🌫️",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
]

OTHERS = ["x", "X", "1", "é", "e\u0301", "你", "ש", "✓", "★", "♪", "😀"]

NONE = [
    *(
        "",
        " ",
        ".",
        "..",
        "%",
        "-",
        "!",
        "?",
        "#",
        "*",
        "<",
        ">",
        "&",
        '"',
        "<script>",
        "<b>",
        "ab",
        "+1",
        "ok",
        "👍👍",
        "👍 ",
        "a b",
    ),
    *(
        "\u200d",
        "\ufe0f",
        "\u200b",
        "\u202e",
        "\x00",
        "\x07",
        "\x7f",
        "\n",
        "\u3164",
        "\u2800",
        "\u0301",
        "\u20e3",
        "\u034f",
    ),
    *(
        "👩\u200d",
        "\u200d👩",
        "1\ufe0f",
        "a\ufe0f",
        "a\u034f",
        "a\u20dd",
        "a" + "\u0301" * 5,
        "\U00013441",
        "\ue000",
        "\ud800",
    ),
    *("🇨🇭🇨🇭", "👍\u202e", "\u202e👍", "🏴\U000e0067"),
]


@pytest.mark.parametrize("emoji", [*EMOJI, *OTHERS])
def test_one_sign_is_a_reaction(emoji: str) -> None:
    assert is_reaction(emoji)


@pytest.mark.parametrize("text", NONE, ids=ascii)
def test_nothing_seen_more_than_one_sign_and_punctuation_are_none(text: str) -> None:
    assert not is_reaction(text)


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_is_the_same_without_its_selectors_and_shown_as_keyboards_send_it(emoji: str) -> None:
    bare = emoji.replace("\ufe0f", "")
    for written in (emoji, bare, bare[0] + "\ufe0f" + bare[1:], emoji.replace("\ufe0f", "\ufe0e")):
        assert reaction_key(written) == bare
        assert shown_reaction(reaction_key(written)) == emoji
    assert is_reaction(bare)


@pytest.mark.parametrize("text", [*OTHERS, "<script>", "."])
def test_anything_else_is_shown_as_it_is(text: str) -> None:
    assert shown_reaction(reaction_key(text)) == reaction_key(text) == reaction_key(f"{text[0]}\ufe0f{text[1:]}")


def bare(emoji: str) -> str:
    """Return an emoji without its selectors."""
    return emoji.replace("\ufe0f", "")


def test_what_the_web_client_offers_comes_back_as_it_is_offered() -> None:
    entries = json.loads(PICKER.read_text(encoding="utf-8"))
    offered = [each["emoji"] for entry in entries if "group" in entry for each in (entry, *entry.get("skins", []))]
    assert len(offered) > 3000
    assert [each for each in offered if not is_reaction(each)] == []
    # The package writes some selectors that Unicode does not ask for.
    assert [each for each in offered if bare(shown_reaction(reaction_key(each))) != bare(each)] == []


@given(st.text(st.sampled_from("❤👍✌1#a🏽🇨👩⚕\u200d\ufe0f\ufe0e\u20e3\u0301."), max_size=8))
@example("❤\ufe0f\ufe0f")
def test_however_it_is_written_a_reaction_has_one_key_and_is_one_as_it_is_shown(text: str) -> None:
    key = reaction_key(text)
    assert reaction_key(key) == key == reaction_key(shown_reaction(key))
    if is_reaction(text):
        assert key
        assert is_reaction(key)
        assert is_reaction(shown_reaction(key))
