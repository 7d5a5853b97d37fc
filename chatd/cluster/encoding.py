"""Events as bytes, for the other processes: MessagePack, each event under the name of its class, with its recipients
apart where they are many.

Fields have names, and an event or a field that this version does not know is passed over, so that two versions of the
program can run side by side. A field that is new needs a default, as older versions do not send it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from chatd import events
from chatd.events import Event
from chatd.models import Members

log = logging.getLogger(__name__)

#: Every kind of event that another process can be told of.
KINDS: tuple[type[Event], ...] = (
    events.MessageCreated,
    events.MessageEdited,
    events.MessageDeleted,
    events.ReactionChanged,
    events.ReadMarkerMoved,
    events.ProfileChanged,
    events.MembershipChanged,
    events.GroupChanged,
    events.GroupEnded,
    events.InvitationChanged,
    events.JoinRequestChanged,
    events.LevelChanged,
    events.ActionChanged,
    events.Moderated,
    events.MessagesRemoved,
    events.MessagesRestored,
    events.PinChanged,
    events.SessionEnded,
    events.UserDisabled,
    events.AccountDeleted,
    events.CommunityChanged,
    events.BlockChanged,
    events.Typing,
)


def _without_origin(_: object) -> None:
    """Write the connection that an event comes from as nothing: another process does not have it."""


_encoder = msgspec.msgpack.Encoder(enc_hook=_without_origin)
_parts = msgspec.msgpack.Decoder(list[tuple[str, msgspec.Raw, bytes]])
_decoders: Mapping[str, msgspec.msgpack.Decoder[Event]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind) for kind in KINDS
}


class Undecodable(Exception):
    """Bytes of another process that say something this version should know, and does not understand."""


#: More recipients than this are packed.
FEW = 100


def encode(told: Iterable[Event]) -> bytes:
    """Return events as bytes. Some 1 µs for a message, which takes 350 bytes."""
    return _encoder.encode([_named(event) for event in told])


def decode(data: bytes) -> Sequence[Event]:
    """Return the events in ``data``, without those of kinds that are not known here.

    :raises Undecodable: it is not what :func:`encode` writes, or lacks a field without which there is no event.
    """
    try:
        return [_event(name, raw, packed) for name, raw, packed in _parts.decode(data) if name in _decoders]
    except (msgspec.MsgspecError, ValueError) as error:
        raise Undecodable(str(error)) from error


def _named(event: Event) -> tuple[str, Event, bytes]:
    whom = event.recipients
    if len(whom) <= FEW or not isinstance(whom, Members):
        return type(event).__name__, event, b""
    return type(event).__name__, msgspec.structs.replace(event, recipients=()), whom.packed


def _event(name: str, raw: msgspec.Raw, packed: bytes) -> Event:
    event = _decoders[name].decode(raw)
    return msgspec.structs.replace(event, recipients=Members.unpack(packed)) if packed else event
