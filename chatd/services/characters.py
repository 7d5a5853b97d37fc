"""One table of characters: which are invisible, where they are allowed all the same, and what counts as visible.

By the properties of Unicode 17, as the package ``regex`` has them (in the Unicode Character Database:
DerivedCoreProperties.txt, PropList.txt, DerivedJoiningType.txt and emoji-data.txt).
"""

from functools import cache

import regex  # type: ignore[import-untyped]

#: Drawn as nothing, though their properties do not say so: the empty Braille pattern, a note without a head, a filler
#: of Khitan, and two blanks among Egyptian hieroglyphs.
_BLANK = r"\u2800\U0001d159\U00016fe4\U00013441\U00013442"

#: Invisible characters, for a set in a pattern: those that a program may leave out (Default_Ignorable_Code_Point),
#: controls, those that change the direction of text, line breaks, noncharacters, and other formats; but not those that
#: are drawn around digits, as in Arabic (Prepended_Concatenation_Mark).
HIDDEN = (
    r"\p{Default_Ignorable_Code_Point}\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}[\p{Cf}--\p{Prepended_Concatenation_Mark}]"
    r"\p{Cs}\p{Noncharacter_Code_Point}" + _BLANK
)

#: One part of an emoji, perhaps with a selector, a skin tone, or the tags of a flag such as Scotland's. Digits
#: and # and * are emoji only on a keycap. Those that later versions of Unicode may add are reserved already.
_PICTURE = r"[[\p{Emoji}\p{Extended_Pictographic}]--[\#*0-9]]"
_PART = rf"{_PICTURE}[\ufe0e\ufe0f]?(?:\p{{Emoji_Modifier}}\ufe0f?)?(?:[\U000e0020-\U000e007e]++\U000e007f)?"

#: An emoji: a keycap, a flag of two letters, or parts that joiners make one. After Unicode Technical Standard #51,
#: section 1.4.9, and wider, so that the emoji of next year are some already.
EMOJI = rf"(?:[\#*0-9]\ufe0f?\u20e3|\p{{RI}}\p{{RI}}|{_PART}(?:\u200d{_PART})*+)"

#: Letters that are written joined, as in Arabic; and those that stand among them and join on one side, or not at all.
_CURSIVE = r"[[\p{jt=D}\p{jt=L}\p{jt=R}\p{jt=C}\p{Script=Arabic}]&&\p{L}]"

#: Letters and vowels of scripts that make syllables of them, as in India (IndicSyllabicCategory.txt).
_SYLLABIC = r"[[\p{L}\p{M}]--\p{InSC=Other}]"

_MONGOLIAN = r"[\p{Script=Mongolian}&&\p{L}]"

#: A joiner where people write one: after a virama, between letters of a script that joins them, whether these two do or
#: not (keyboards for Persian put one into امیر‌حسین as into علی‌رضا), and where a letter that joins stands alone (ه‍).
#: It is wider than RFC 5892, appendix A.1 and A.2, where two domains must not differ in a joiner; names are compared
#: without any. And what else scripts need within a word: what parts and forms Mongolian letters, and a space without
#: width where none is seen between words, which is on the space bar in Khmer (the Unicode Standard, 13.5 and 23.2).
JOINER = (
    r"(?:[\u200c\u200d](?<=\p{ccc=9}.)"
    rf"|[\u200c\u200d](?<={_CURSIVE}\p{{M}}{{0,4}}.)(?=\p{{M}}{{0,4}}{_CURSIVE})"
    r"|\u200d(?<=[[\p{jt=D}\p{jt=L}\u0640]&&\p{L}]\p{M}{0,4}.)(?![\u200c\u200d])"
    rf"|[\u200c\u200d](?<={_SYLLABIC}.)(?={_SYLLABIC})"
    rf"|[\u180b-\u180d\u180f](?<={_MONGOLIAN}.)|\u180e(?<={_MONGOLIAN}[\u180b-\u180d\u180f]?.)(?={_MONGOLIAN})"
    r"|\u200b(?<=\p{lb=SA}.)(?=\p{lb=SA}))"
)

#: Invisible characters that Python calls printable: fillers, selectors and blanks.
_NOT_PRINTED = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE10)),
            *(0xFFA0, 0x13441, 0x13442, 0x16FE4, 0x1D159, *range(0xE0100, 0xE01F0)),
        ),
    )
)

#: A letter or a digit of any script that is drawn as something.
_LETTER = rf"[[\p{{L}}\p{{N}}]--[{HIDDEN}]]"

_VISIBLE = rf"[^{HIDDEN}\p{{Z}}]"


@cache
def compiled(pattern: str) -> "regex.Pattern[str]":
    """Return a pattern of this table, compiled on first use."""
    return regex.compile(pattern, regex.VERSION1)


def has_hidden(text: str) -> bool:
    """Report whether ``text`` has an invisible character anywhere."""
    return compiled(f"[{HIDDEN}]").search(text) is not None


def hides_something(text: str) -> bool:
    """Report whether ``text`` has an invisible character outside emoji and letters that join."""
    return compiled(rf"(?:{EMOJI}|{JOINER}|[^{HIDDEN}])*+").fullmatch(text) is None


def without_joiners(text: str) -> str:
    """Return ``text`` without the joiners that stand where people write them; others stay."""
    found: str = compiled(JOINER).sub("", text)
    return found


def has_enclosing_mark(text: str) -> bool:
    """Report whether ``text`` has an enclosing mark that is not an emoji's keycap."""
    return compiled(rf"(?:{EMOJI}|[^\p{{Me}}])*+").fullmatch(text) is None


def has_letter_or_digit(text: str) -> bool:
    """Report whether ``text`` has a letter or digit of any script."""
    return compiled(_LETTER).search(text) is not None


def is_visible(text: str) -> bool:
    """Report whether ``text`` has anything but spaces and invisible characters.

    Every message is checked, and most begin with something visible.
    """
    first = text[:1]
    if "!" <= first <= "~" or (first > " " and first.isprintable() and first not in _NOT_PRINTED):
        return True
    return compiled(_VISIBLE).search(text) is not None
