"""Whom a message to a group names: ``@username``, ``@all``, and the author of the message it answers."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from chatd.services.characters import without_joiners
from chatd.services.code_marks import without_code
from chatd.services.names import USERNAME_MAX, folded
from chatd.storage import blocks, mentions, posts
from chatd.storage.commit import Transaction

#: A group, and a folded username.
Name = tuple[int, str]

#: The most people whom one message names.
NAMED_MAX = 20

#: The name of everybody, which is nobody's username.
ALL = "all"

#: What a username may have besides letters, marks and digits; it may end a sentence as well.
_ENDS = ".-_"

#: The longest spelling of a name that is looked for, in code points: a new username has no longer one.
_WRITTEN_MAX = 4 * USERNAME_MAX


def written(content: str) -> list[list[str]]:
    """Return what is named in a text, in order: of each the spellings it may have, folded, the longest first.

    What stands before full stops and the like is a spelling of its own, as those may end the sentence. What is marked
    as code names nobody: it is full of at signs that mean something else.
    """
    return [_spellings(run) for run in _runs(without_code(content))] if "@" in content else []


def names_all(names: Sequence[Sequence[str]]) -> bool:
    """Report whether everybody is among what is named."""
    return any(ALL in spellings for spellings in names)


def people(
    names: Sequence[Sequence[str]], known: Mapping[Name, int], group_id: int, author_id: int, answered_id: int | None
) -> tuple[int, ...]:
    """Return the ids of the people whom a message names, in order.

    :param names: as :func:`written` returns them.
    :param known: the members there are among them.
    :param author_id: who writes it; naming oneself is nothing.
    :param answered_id: the author of the message it answers, if that is a member.
    """
    found = [] if answered_id is None else [answered_id]
    for spellings in names:
        if ALL not in spellings:
            found += [known[group_id, each] for each in spellings if (group_id, each) in known][:1]
    return tuple(sorted([each for each in dict.fromkeys(found) if each != author_id][:NAMED_MAX]))


def spelled(group_id: int, names: Sequence[Sequence[str]]) -> set[Name]:
    """Return every spelling that may be a member's username."""
    return {(group_id, each) for spellings in names if ALL not in spellings for each in spellings}


def rename(
    tx: Transaction, group_id: int, message_id: int, author_id: int, content: str, *, answers: int | None
) -> None:
    """Let a message name whom its new content names.

    :param answers: the message it answers.
    """
    circle, names = tx.circle(group_id), written(content)
    assert circle is not None
    keys = spelled(group_id, names)
    known = mentions.members_named(tx.db, keys) if keys else {}
    answered = posts.conversations_of(tx.db, [answers])[answers][2] if answers is not None else 0
    named = people(names, known, group_id, author_id, answered if circle.has(answered) else None)
    silent = blocks.among(tx.db, [(each, author_id) for each in named]) if named else set()
    mentions.remove(tx.db, message_id)
    mentions.insert(
        tx.db,
        [(message_id, each, group_id, int((each, author_id) in silent)) for each in named],
        [message_id] if names_all(names) and circle.may_name_all(author_id) else (),
    )


def _runs(content: str) -> Iterator[str]:
    """Yield the characters that may be of a username after each at sign that begins a name."""
    before = " "
    for place, character in enumerate(content):
        if character == "@" and before != "_" and unicodedata.category(before)[0] not in "LNM":
            end = place + 1
            while end < len(content) and _may_be_in_username(content[end]):
                end += 1
            if end > place + 1:
                yield content[place + 1 : end]
        before = character


def _may_be_in_username(character: str) -> bool:
    category = unicodedata.category(character)
    return character in _ENDS or category == "Nd" or category[0] in "LM" or not without_joiners(character)


def _spellings(run: str) -> list[str]:
    base = run.rstrip(_ENDS)
    ends = run[len(base) :]
    if not base or len(base) > _WRITTEN_MAX:
        return []
    key = folded(base)
    return [key + ends[:count] for count in range(min(len(ends), USERNAME_MAX), -1, -1)]
