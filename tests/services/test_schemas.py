"""JSON's fields and codec, held against everything that could be sent."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from chatd.schemas import ID_LIMIT, Digits, RegisterBody, Text, decode, encode, iso_time

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
YEAR_10000 = 253_402_300_800_000

storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
anything = st.text(st.characters())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | storable,
    lambda inner: st.lists(inner) | st.dictionaries(storable, inner),
    max_leaves=20,
)


class Sample(Schema):
    """A text and a number."""

    text = Text(min_length=2, max_length=5)
    any = Text()
    number = Digits(at_least=1, at_most=ID_LIMIT - 1)


def load(**values: Any) -> Any:
    return Sample().load(values)


def refused(**values: Any) -> list[str]:
    """Return what is said of the one field that is wrong."""
    with pytest.raises(ValidationError) as error:
        load(**values)
    messages = error.value.messages
    assert isinstance(messages, dict)
    assert list(messages) == list(values)
    (sentences,) = messages.values()
    assert all(isinstance(sentence, str) and sentence for sentence in sentences)
    return list(sentences)


def is_json(body: bytes) -> bool:
    """Report whether a body decodes; it fails with a ValueError and nothing else."""
    try:
        decode(body)
    except ValueError:
        return False
    return True


@given(storable)
def test_text_stays_as_it_was_sent(text: str) -> None:
    assert load(any=text) == {"any": text}


@given(anything)
@example("\ud800")
@example("a\0b")
def test_text_is_taken_exactly_where_it_can_be_stored_and_sent(text: str) -> None:
    try:
        text.encode()
        fine = "\0" not in text
    except UnicodeEncodeError:
        fine = False
    if fine:
        assert load(any=text) == {"any": text}
    else:
        assert refused(any=text) == ["Must not contain NUL or lone surrogates."]


def test_the_length_of_text_is_counted_in_code_points() -> None:
    assert load(text="👍🏽") == {"text": "👍🏽"}
    assert load(text="👍" * 5) == {"text": "👍" * 5}
    refused(text="👍")
    refused(text="👍" * 6)
    refused(text="")


@pytest.mark.parametrize("value", [1, 1.5, True, None, [], ["ab"], {}, {"a": "b"}])
def test_what_is_not_text_is_refused(value: Any) -> None:
    refused(any=value)


@given(st.integers(1, ID_LIMIT - 1))
def test_digits_are_the_number_they_say(number: int) -> None:
    assert load(number=str(number)) == {"number": number}


@given(anything)
@pytest.mark.parametrize("around", ["{}", "1{}", "{}1"])
def test_a_number_is_ascii_digits_in_range_and_nothing_else(around: str, text: str) -> None:
    sent = around.format(text)
    if sent and set(sent) <= set("0123456789") and len(sent) <= 16 and 1 <= int(sent) < ID_LIMIT:
        assert load(number=sent) == {"number": int(sent)}
    else:
        refused(number=sent)


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_0", "١", "１", "²", "9007199254740992", "9" * 99],
)
def test_other_ways_to_write_a_number_are_refused(text: str) -> None:
    refused(number=text)


@pytest.mark.parametrize("value", [1, 1.0, True, None, [], ["1"]])
def test_digits_are_text(value: Any) -> None:
    refused(number=value)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_000, "1970-01-01T00:00:01.000Z"),
        (951_782_400_010, "2000-02-29T00:00:00.010Z"),
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (YEAR_10000 - 1, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_iso_8601_with_milliseconds(milliseconds: int, text: str) -> None:
    assert iso_time(milliseconds) == text


@given(st.integers(0, YEAR_10000 - 1))
def test_every_time_reads_back_as_itself(milliseconds: int) -> None:
    text = iso_time(milliseconds)
    assert len(text) == 24
    assert dt.datetime.fromisoformat(text) == EPOCH + dt.timedelta(milliseconds=milliseconds)


@given(st.integers(0, YEAR_10000 - 1), st.integers(0, YEAR_10000 - 1))
def test_times_sort_as_their_texts(one: int, other: int) -> None:
    assert (one < other) == (iso_time(one) < iso_time(other))


@given(json_values)
def test_what_is_encoded_decodes_to_itself(value: Any) -> None:
    assert decode(encode(value)) == value
    assert decode(encode(value).decode()) == value


def test_json_is_utf_8_without_white_space() -> None:
    assert encode({"text": "é👍\n", "list": [1, None]}) == '{"text":"é👍\\n","list":[1,null]}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity]",
        b"-Infinity",
        b"nan",
        b"'a'",
        b"{a: 1}",
        b"[1,]",
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b"{}\xef\xbb\xbf",
        '{"a": 1}'.encode("utf-16"),
        b'"a\nb"',
        b"[" * 60_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"1" * 5_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    assert not is_json(body)


@given(st.binary())
def test_whatever_comes_it_is_json_or_a_value_error(body: bytes) -> None:
    if is_json(body):
        assert decode(body) == json.loads(body.decode("utf-8-sig"))


@given(json_values)
def test_a_byte_order_mark_before_json_is_nothing(value: Any) -> None:
    assert decode(b"\xef\xbb\xbf" + encode(value)) == value
    assert decode("\ufeff" + encode(value).decode()) == value


def test_the_shortest_password_of_one_schema_is_not_that_of_another() -> None:
    body = {"username": "alice", "password": "rosebuds", "nickname": "Alice"}
    with pytest.raises(ValidationError):
        RegisterBody(password_min=12).load(body)
    assert RegisterBody(password_min=8).load(body)["password"] == "rosebuds"
