"""Messages as JSON, written field by field: what the schemas would say, at a tenth of their price.

Every message that is sent is written here at least twice. A property test holds these texts equal to what
:class:`chatd.schemas.answers.MessageSchema` and :class:`chatd.schemas.messages.FullMessageSchema` dump.
"""

from json.encoder import encode_basestring as quote

from chatd.models import Message, Reaction, User
from chatd.places import UserPlace
from chatd.schemas.fields import iso_time
from chatd.services.reactions import shown_reaction

#: Of how many users the text is remembered.
BRIEFS_MAX = 4096


def classic_message(message: Message) -> str:
    """Return a message in the classic form."""
    return f"{{{_classic_fields(message)}}}"


#: The message last written, and its text: one object, since an export writes messages on a thread of its own.
_last: tuple[Message | None, str] = (None, "")


def full_message(message: Message) -> str:
    """Return a message with everything there is to know of it.

    The last text is kept: the answer to a sender follows the event for the receivers at once.
    """
    global _last
    last = _last
    if last[0] is not message:
        _last = last = message, _full_message(message)
    return last[1]


def _full_message(message: Message) -> str:
    client_id = "null" if message.client_id is None else quote(message.client_id)
    edited_at = "null" if message.edited_at is None else f'"{iso_time(message.edited_at)}"'
    deleted_at = "null" if message.deleted_at is None else f'"{iso_time(message.deleted_at)}"'
    reply_to = "null" if message.reply_to is None else message.reply_to
    reactions = ",".join(map(_reaction, message.reactions)) if message.reactions else ""
    return (
        f'{{{_classic_fields(message)},"client_id":{client_id},"edited_at":{edited_at},"deleted_at":{deleted_at},'
        f'"reply_to":{reply_to},"reactions":[{reactions}]}}'
    )


def _reaction(reaction: Reaction) -> str:
    return f'{{"emoji":{quote(shown_reaction(reaction.emoji))},"user_ids":[{",".join(map(str, reaction.user_ids))}]}}'


def _classic_fields(message: Message) -> str:
    to = message.to
    place = f'{to.id},"group_id":null' if isinstance(to, UserPlace) else f'null,"group_id":{to.id}'
    return (
        f'"id":{message.id},"sender_id":{message.sender.id},"receiver_id":{place},'
        f'"content":{quote(message.content)},"is_read":{"true" if message.is_read else "false"},'
        f'"created_at":"{iso_time(message.created_at)}","sender":{_brief(message.sender)}'
    )


#: The users last written, and their texts. The storage gives the same object again for a user who has not changed.
_briefs: dict[int, tuple[User, str]] = {}


def _brief(user: User) -> str:
    known = _briefs.get(user.id)
    if known is not None and known[0] is user:
        return known[1]
    if len(_briefs) >= BRIEFS_MAX:
        _briefs.clear()
    avatar_path = "null" if user.avatar_path is None else quote(user.avatar_path)
    text = (
        f'{{"id":{user.id},"username":{quote(user.username)},"nickname":{quote(user.nickname)},'
        f'"avatar_path":{avatar_path},"is_ai":{"true" if user.is_ai else "false"}}}'
    )
    _briefs[user.id] = user, text
    return text
