"""The web client's types of the wire, generated from the forms in :mod:`chatd.schemas`."""

from collections.abc import Iterator, Mapping

from marshmallow import Schema, fields

from chatd.schemas import BriefSchema, MeSchema, SessionSchema, UserSchema
from chatd.schemas.actions import ActionSchema, ValuesSchema
from chatd.schemas.commands import COMMANDS, CommandForm, PlaceCommand
from chatd.schemas.community import CommunitySchema
from chatd.schemas.conversations import ConversationStateSchema
from chatd.schemas.events import CONTROL, EVENTS, DeletionSchema
from chatd.schemas.groups import (
    GroupReportSchema,
    GroupSchema,
    JoinRequestSchema,
    ListedGroupInviteSchema,
    MeInGroupSchema,
    MemberSchema,
    NewGroupInviteSchema,
    PreviewSchema,
    ReceivedInvitationSchema,
    RulesSchema,
    SeenGroupSchema,
    WayInSchema,
)
from chatd.schemas.invites import InviteSchema
from chatd.schemas.messages import FullMessageSchema, MessagePageSchema, ReactionSchema
from chatd.schemas.people import AccountSchema, BlockSchema

#: The forms with a name of their own, in the order of the file; all others are written in place.
NAMED: Mapping[type[Schema], str] = {
    BriefSchema: "Brief",
    UserSchema: "User",
    MeSchema: "Me",
    BlockSchema: "Block",
    InviteSchema: "Invite",
    CommunitySchema: "Community",
    AccountSchema: "Account",
    SessionSchema: "Session",
    ReactionSchema: "Reaction",
    FullMessageSchema: "Message",
    RulesSchema: "Rules",
    GroupSchema: "Group",
    PreviewSchema: "Preview",
    MeInGroupSchema: "MeInGroup",
    ValuesSchema: "ActionValues",
    ActionSchema: "Action",
    SeenGroupSchema: "SeenGroup",
    MemberSchema: "Member",
    NewGroupInviteSchema: "NewGroupInvite",
    ListedGroupInviteSchema: "GroupInvite",
    WayInSchema: "WayIn",
    ReceivedInvitationSchema: "Invitation",
    JoinRequestSchema: "JoinRequest",
    GroupReportSchema: "GroupReport",
    ConversationStateSchema: "Conversation",
    MessagePageSchema: "MessagePage",
    DeletionSchema: "DeletedMessage",
}

#: The longest line, in characters, as in the settings of Prettier.
WIDTH = 120

HEAD = """\
/**
 * The forms of the wire. `nox -s generate` makes this file from chatd/schemas: edit those instead.
 * Longer than 300 lines: it is all that the two say to each other.
 */
"""

PLACES = """\
/** A place in the change log. */
export interface Position {
  epoch: string
  cursor: number
}
"""

EVENTS_HEAD = """\
/** The data of events, by type. */
"""

EVENTS_TAIL = """\
export type EventType = keyof EventData
export type ServerEvent = { [T in EventType]: { type: T; seq?: number; data: EventData[T] } }[EventType]

/** The data of frames about the connection itself, by type. */
"""

ADDRESSEE = """\
/** Whom a command is about: a user, or a group. */
export type Addressee = { user: number } | { group: number }

/** The data of commands and of their answers, by type. */
"""


def wire() -> str:
    """Return the text of ``web/src/api/wire.ts``."""
    parts = [HEAD, *(interface(form, name) for form, name in NAMED.items()), PLACES]
    parts.append(EVENTS_HEAD + _record("EventData", {kind: form.data for kind, form in EVENTS.items()}))
    parts.append(EVENTS_TAIL + _record("ControlData", CONTROL))
    parts.append(ADDRESSEE + "".join(_commands()))
    parts.append("export type CommandType = keyof Commands\n")
    return "\n".join(parts)


def interface(form: type[Schema], name: str) -> str:
    """Return a form as an interface."""
    parent = next((base for base in form.__mro__[1:] if base in NAMED), None)
    inherited = set() if parent is None else set(parent().fields)
    lines = [f"  {line}\n" for line in _members(form(), without=inherited)]
    extends = "" if parent is None else f" extends {NAMED[parent]}"
    return f"/** {_first_line(form)} */\nexport interface {name}{extends} {{\n{''.join(lines)}}}\n"


def _first_line(form: type[Schema]) -> str:
    return (form.__doc__ or "").strip().splitlines()[0].replace("``", "`")


def _members(form: Schema, *, without: set[str] | None = None) -> Iterator[str]:
    """Yield each field of a form as a member of an object type."""
    for name, field in form.fields.items():
        if name in (without or ()):
            continue
        mark = "" if field.required else "?"
        yield f"{field.data_key or name}{mark}: {_type(field)}"


def _type(field: fields.Field[object]) -> str:
    """Return the type of a field's value."""
    return f"{_type_but_null(field)} | null" if field.allow_none else _type_but_null(field)


def _type_but_null(field: fields.Field[object]) -> str:
    if isinstance(field, fields.Nested):
        return _named_or_inline(field.schema)
    if isinstance(field, fields.List):
        return f"{_type(field.inner)}[]"
    if isinstance(field, fields.Boolean):
        return "boolean"
    if isinstance(field, fields.Integer):
        return "number"
    if isinstance(field, fields.String):
        return "string"
    raise TypeError(f"no TypeScript is known for {type(field).__name__}: add it to tools/typescript.py")


def _named_or_inline(form: Schema) -> str:
    return NAMED.get(type(form)) or _inline(form)


def _inline(form: Schema, without: set[str] | None = None) -> str:
    members = list(_members(form, without=without))
    return f"{{ {'; '.join(members)} }}" if members else "Record<string, never>"


def _record(name: str, forms: Mapping[str, Schema]) -> str:
    lines = [f"  {kind}: {_named_or_inline(form)}\n" for kind, form in forms.items()]
    return f"export interface {name} {{\n{''.join(_broken(line) for line in lines)}}}\n"


def _broken(line: str) -> str:
    """Return a member; one that is too long, with a line for each of its own members."""
    if len(line.rstrip("\n")) <= WIDTH:
        return line
    head, _, rest = line.partition("{ ")
    members = rest.rstrip("\n").removesuffix(" }").split("; ")
    return f"{head}{{\n" + "".join(f"    {member}\n" for member in members) + "  }\n"


def _commands() -> Iterator[str]:
    yield "export interface Commands {\n"
    for kind, form in COMMANDS.items():
        data, answer = _data(form), _named_or_inline(form.answer)
        line = f"  {kind}: {{ data: {data}; answer: {answer} }}\n"
        yield line if len(line) <= WIDTH + 1 else f"  {kind}: {{\n    data: {data}\n    answer: {answer}\n  }}\n"
    yield "}\n"


def _data(form: CommandForm) -> str:
    if not isinstance(form.data, PlaceCommand):
        return _inline(form.data)
    own = _inline(form.data, without={"user", "group"})
    return "Addressee" if own == "Record<string, never>" else f"Addressee & {own}"
