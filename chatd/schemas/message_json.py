"""Messages encoded as JSON by hand, ten times as fast as by their schemas.

Every message sent is encoded here at least once. A property test holds the output equal to what
:class:`chatd.schemas.answers.MessageSchema` and :class:`chatd.schemas.messages.FullMessageSchema` dump.
"""

from json.encoder import encode_basestring as quote

from chatd.models import Message, Reaction, User
from chatd.places import UserPlace
from chatd.schemas.fields import iso_time
from chatd.services.reactions import shown_reaction

#: The most users whose JSON is kept.
BRIEFS_MAX = 4096


def classic_message(message: Message) -> str:
    """Return a message in the classic form."""
    return f"{{{_classic_fields(message)}}}"


def full_message(message: Message) -> str:
    """Return a message in the form of chatd.v2."""
    client_id = "null" if message.client_id is None else quote(message.client_id)
    edited_at = "null" if message.edited_at is None else f'"{iso_time(message.edited_at)}"'
    deleted_at = "null" if message.deleted_at is None else f'"{iso_time(message.deleted_at)}"'
    reply_to = "null" if message.reply_to is None else message.reply_to
    reactions = ",".join(map(_reaction, message.reactions)) if message.reactions else ""
    of_groups = "" if isinstance(message.to, UserPlace) else _of_groups(message)
    return (
        f'{{{_classic_fields(message)},"client_id":{client_id},"edited_at":{edited_at},"deleted_at":{deleted_at},'
        f'"reply_to":{reply_to},"reactions":[{reactions}]{of_groups}}}'
    )


def _of_groups(message: Message) -> str:
    """Return the fields that only a message to a group has."""
    named = ",".join(map(str, message.mentions))
    names_all, removed = ("true" if each else "false" for each in (message.mentions_all, message.removed))
    thread, last_reply = ("null" if each is None else each for each in (message.thread, message.last_reply))
    return (
        f',"mentions":[{named}],"mentions_all":{names_all},"removed":{removed},"thread":{thread},'
        f'"replies":{message.replies},"last_reply":{last_reply}'
    )


def _reaction(reaction: Reaction) -> str:
    emoji, named = quote(shown_reaction(reaction.emoji)), ",".join(map(str, reaction.user_ids))
    return f'{{"emoji":{emoji},"count":{reaction.total},"user_ids":[{named}]}}'


def _classic_fields(message: Message) -> str:
    to = message.to
    place = f'{to.id},"group_id":null' if isinstance(to, UserPlace) else f'null,"group_id":{to.id}'
    return (
        f'"id":{message.id},"sender_id":{message.sender.id},"receiver_id":{place},'
        f'"content":{quote(message.content)},"is_read":{"true" if message.is_read else "false"},'
        f'"created_at":"{iso_time(message.created_at)}","sender":{_brief(message.sender)}'
    )


#: Users and their JSON, by id. Storage returns the same object for a user until the user changes. Threads share this:
#: an entry is replaced whole, and used only for the very object it was made from.
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
