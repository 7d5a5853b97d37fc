"""The events of chatd.v2: the form of each, and the fact that it tells.

A new event is one entry in :data:`EVENTS`. From it are made its frame, its form in the API's description, the types of
the web client and the table in docs/events.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import fields, validate

from chatd import events
from chatd.places import GroupPlace, UserPlace
from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, IdOfPlace, Text, Timestamp, id_field
from chatd.schemas.messages import FullMessageSchema
from chatd.schemas.texts import ShownReaction

#: How long a long poll may wait, in seconds, if nothing else is said, and at the most.
POLL_DEFAULT = 25
POLL_MAX = 60


class DeletionSchema(BaseSchema):
    """A message that has lost its content."""

    id = id_field()
    sender_id = id_field()
    receiver_id = IdOfPlace(UserPlace, of="to")
    group_id = IdOfPlace(GroupPlace, of="to")
    deleted_at = Timestamp(required=True)


class ReactionChangeSchema(BaseSchema):
    """An emoji was put below a message (``on``), or taken away."""

    message_id = id_field()
    user_id = id_field()
    emoji = ShownReaction(required=True)
    on = fields.Boolean(required=True)


class ReadMarkerSchema(BaseSchema):
    """A reader has read up to a message: of the user's messages to them, or of the group's."""

    reader_id = id_field()
    user_id = IdOfPlace(UserPlace, of="place")
    group_id = IdOfPlace(GroupPlace, of="place")
    up_to = id_field()


class MembershipSchema(BaseSchema):
    """Somebody has a role in a group, or is in it no longer: then it is null."""

    group_id = id_field()
    user_id = id_field()
    role = fields.String(required=True, allow_none=True)


class TypingSchema(BaseSchema):
    """Somebody is writing: to the receiver of this, or in a group."""

    user_id = id_field()
    group_id = IdOfPlace(GroupPlace, of="place")


class PresenceSchema(BaseSchema):
    """Somebody has come or gone."""

    user_id = id_field()
    online = fields.Boolean(required=True)
    last_seen_at = Timestamp(required=True, attribute="at")


class PresenceListSchema(BaseSchema):
    """Who is online, of those one has a conversation with."""

    online = fields.List(fields.Integer(), required=True)


class HelloSchema(BaseSchema):
    """The first frame: where the change log is, and how to keep the connection."""

    protocol = fields.Integer(required=True)
    epoch = fields.String(required=True)
    cursor = fields.Integer(required=True)
    heartbeat_ms = fields.Integer(required=True)
    max_frame_bytes = fields.Integer(required=True)
    user = fields.Nested(BriefSchema, required=True)
    session_id = id_field()


class PongSchema(BaseSchema):
    """The answer to a ping: how far the client has been told everything; null before it has caught up."""

    cursor = fields.Integer(required=True, allow_none=True)


class RestartingSchema(BaseSchema):
    """The server is about to stop: when to come back."""

    retry_after_ms = fields.Integer(required=True)


#: The forms of the frames about the connection itself, by type.
CONTROL: Mapping[str, BaseSchema] = {"hello": HelloSchema(), "pong": PongSchema(), "restarting": RestartingSchema()}


@dataclass(frozen=True, slots=True)
class EventForm:
    """How an event is told.

    :ivar fact: the class of the fact; None for what the server says to one client.
    :ivar data: the form of its ``data``.
    :ivar of: the attribute of the fact that is described; None where it is the fact itself.
    :ivar summary: what has happened.
    """

    fact: type[events.Event] | None
    data: BaseSchema
    summary: str
    of: str | None = None

    @property
    def is_logged(self) -> bool:
        """Whether it has a place in the change log."""
        return self.fact is not None and issubclass(self.fact, events.Change)

    def describe(self, fact: events.Event) -> dict[str, Any]:
        """Return the ``data`` that tells a fact."""
        return cast(dict[str, Any], self.data.dump(fact if self.of is None else getattr(fact, self.of)))


_MESSAGE = FullMessageSchema()

#: Every event, by its type.
EVENTS: Mapping[str, EventForm] = {
    "new_message": EventForm(events.MessageCreated, _MESSAGE, "A message was stored.", of="message"),
    "message_edited": EventForm(events.MessageEdited, _MESSAGE, "A message has another content.", of="message"),
    "message_deleted": EventForm(events.MessageDeleted, DeletionSchema(), "A message was deleted.", of="message"),
    "reaction": EventForm(events.ReactionChanged, ReactionChangeSchema(), "A reaction has come or gone."),
    "read": EventForm(events.ReadMarkerMoved, ReadMarkerSchema(), "A conversation was read."),
    "profile": EventForm(events.ProfileChanged, BriefSchema(), "Somebody has another name or picture.", of="user"),
    "membership": EventForm(
        events.MembershipChanged,
        MembershipSchema(),
        "Somebody has joined a group or left it, or has another role in it.",
    ),
    "typing": EventForm(events.Typing, TypingSchema(), "Somebody is writing."),
    "presence": EventForm(events.PresenceChanged, PresenceSchema(), "Somebody has come or gone."),
    "presence_list": EventForm(None, PresenceListSchema(), "These are online."),
}

_TYPES = {form.fact: name for name, form in EVENTS.items() if form.fact is not None}


def event(fact: events.Event) -> dict[str, Any]:
    """Return a committed fact, or a passing one, as clients see it.

    :raises TypeError: clients do not see this kind.
    """
    name = _TYPES.get(type(fact))
    if name is None:
        raise TypeError(f"clients do not see {type(fact).__name__}")
    data = EVENTS[name].describe(fact)
    if isinstance(fact, events.Change):
        return {"type": name, "seq": fact.seq, "data": data}
    return {"type": name, "data": data}


def _logged_schema(name: str, form: EventForm) -> type[BaseSchema]:
    """Return the form of a whole frame, for the API's description."""
    return cast(
        type[BaseSchema],
        type(
            f"{''.join(part.title() for part in name.split('_')).removesuffix('Event')}EventSchema",
            (BaseSchema,),
            {
                "__doc__": form.summary,
                "seq": id_field(),
                "type": fields.String(required=True, validate=validate.Equal(name)),
                "data": fields.Nested(type(form.data), required=True),
            },
        ),
    )


#: The forms of the events that have a place in the change log, by their type.
LOGGED: Mapping[str, type[BaseSchema]] = {
    name: _logged_schema(name, form) for name, form in EVENTS.items() if form.is_logged
}

#: The forms of the data of the events that have none, by their type.
PASSING: Mapping[str, type[BaseSchema]] = {name: type(form.data) for name, form in EVENTS.items() if not form.is_logged}


class EventsQuery(BaseSchema):
    """From where on, and how long to wait."""

    epoch = Text(max_length=64, load_default=None)
    since = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=None)
    timeout = Digits(at_least=0, at_most=POLL_MAX, load_default=POLL_DEFAULT)


class AnyEvent(fields.Field[Any]):
    """An event with a place in the log, as JSON already; its ``type`` says in which of the forms."""


class EventPageSchema(BaseSchema):
    """Changes in order, and the cursor after them."""

    events = fields.List(AnyEvent(), required=True)
    cursor = fields.Integer(required=True)
    more = fields.Boolean(required=True)
