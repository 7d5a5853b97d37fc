"""Which scripts a name may mix: those that a language mixes.

A name of letters from several scripts can pass for another: the Cyrillic а of аna looks like the Latin a of ana.
"""

import unicodedata
from functools import cache
from itertools import chain

import regex  # type: ignore[import-untyped]

#: The scripts of Unicode 17 by their codes in ISO 15924, as in its ScriptExtensions.txt. A test fails when
#: Unicode has letters of more scripts.
_SCRIPTS = """
    Adlm Aghb Ahom Arab Armi Armn Avst Bali Bamu Bass Batk Beng Berf Bhks Bopo Brah Brai Bugi Buhd Cakm Cans
    Cari Cham Cher Chrs Copt Cpmn Cprt Cyrl Deva Diak Dogr Dsrt Dupl Egyp Elba Elym Ethi Gara Geor Glag Gong
    Gonm Goth Gran Grek Gujr Gukh Guru Hang Hani Hano Hatr Hebr Hira Hluw Hmng Hmnp Hung Ital Java Kali Kana
    Kawi Khar Khmr Khoj Kits Knda Krai Kthi Lana Laoo Latn Lepc Limb Lina Linb Lisu Lyci Lydi Mahj Maka Mand
    Mani Marc Medf Mend Merc Mero Mlym Modi Mong Mroo Mtei Mult Mymr Nagm Nand Narb Nbat Newa Nkoo Nshu Ogam
    Olck Onao Orkh Orya Osge Osma Ougr Palm Pauc Perm Phag Phli Phlp Phnx Plrd Prti Rjng Rohg Runr Samr Sarb
    Saur Sgnw Shaw Shrd Sidd Sidt Sind Sinh Sogd Sogo Sora Soyo Sund Sunu Sylo Syrc Tagb Takr Tale Talu Taml
    Tang Tavt Tayo Telu Tfng Tglg Thaa Thai Tibt Tirh Tnsa Todr Tols Toto Tutg Ugar Vaii Vith Wara Wcho Xpeo
    Xsux Yezi Yiii Zanb
"""

#: Scripts that languages mix, besides what all share: Japanese, Chinese with Bopomofo, and Korean, each with Latin.
_MIXED = (("Latn", "Hani", "Hira", "Kana"), ("Latn", "Hani", "Bopo"), ("Latn", "Hani", "Hang"))

_COMMON = ("Zyyy", "Zinh")


def is_of_one_language(name: str) -> bool:
    """Report whether a language writes like this.

    This is the level "highly restrictive" of Unicode Technical Standard #39, section 5.2, by the script extensions of
    each character; and section 5.3: decimal digits are of one system, as a Bengali four looks like an eight.

    :param name: folded, so that no letter hides in a compatibility character.
    """
    zeros = {ord(character) - unicodedata.decimal(character) for character in name if character.isdecimal()}
    return len(zeros) <= 1 and _pattern().fullmatch(name) is not None


@cache
def _pattern() -> "regex.Pattern[str]":
    return regex.compile("|".join(_only(*scripts) for scripts in chain(zip(_SCRIPTS.split(), strict=True), _MIXED)))


def _only(*scripts: str) -> str:
    return "[" + "".join(rf"\p{{scx={script}}}" for script in (*_COMMON, *scripts)) + "]*+"
