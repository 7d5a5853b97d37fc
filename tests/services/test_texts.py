"""What people may be called, say and answer with, whatever they think of."""

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chatd.schemas.fields import Text
from chatd.schemas.plain import plain_body, plain_send
from chatd.schemas.texts import Emoji, content_field, name_field, username_field
from chatd.services.names import USERNAME_MAX, folded
from tests.services.test_characters import UNSEEN

LETTERS = st.text(st.characters(categories=["L", "M", "Nd"], include_characters="_.-"), min_size=1, max_size=60)

#: Letters that nothing joins, so that a joiner between them is of no use.
PLAIN = st.text("abzéяж日あ1", min_size=1, max_size=9)

HIDDEN = st.sampled_from([each for each in UNSEEN if not "\ud800" <= each <= "\udfff"])


def takes(field: Text, text: str) -> bool:
    """Report whether a field takes a text."""
    try:
        field.deserialize(text)
    except ValidationError:
        return False
    return True


@given(LETTERS)
def test_every_username_is_one_by_its_folded_form_and_in_every_composition(name: str) -> None:
    if not takes(username_field(), name):
        return
    key = folded(name)
    assert 2 <= len(key) <= USERNAME_MAX
    assert unicodedata.category(name[0])[0] in "LN"
    assert not any(each in UNSEEN or unicodedata.category(each) in ("Me", "Cf", "Cc", "Zs") for each in name)
    assert takes(username_field(), unicodedata.normalize("NFC", name))
    assert takes(username_field(), unicodedata.normalize("NFD", name))


@given(PLAIN, HIDDEN, PLAIN)
def test_what_is_hidden_is_in_no_name(before: str, hidden: str, after: str) -> None:
    for name in (before + hidden + after, hidden + after, before + hidden):
        assert not takes(username_field(), name)
        assert not takes(name_field(), name)


@given(st.lists(HIDDEN | st.sampled_from(" \t\n\u00a0\u2003\u3000"), min_size=1, max_size=20).map("".join))
def test_nothing_to_see_is_no_message_and_no_reaction(text: str) -> None:
    assert not takes(content_field(), text)
    assert not takes(Emoji(), text)
    assert plain_body(json.dumps({"content": text}).encode()) is None


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\0"\\'), min_size=1, max_size=20))
def test_the_short_ways_take_no_message_that_the_long_one_refuses(text: str) -> None:
    taken = takes(content_field(), text)
    frame = f'{{"type":"send","id":1,"data":{{"user":2,"content":"{text}","client_id":"c"}}}}'
    if plain_send(frame) is not None:
        assert taken
    if plain_body(f'{{"content":"{text}"}}'.encode()) is not None:
        assert taken
    if taken and text.isprintable():
        assert plain_send(frame) is not None
