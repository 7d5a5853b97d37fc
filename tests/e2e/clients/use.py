"""A conversation by a client that was generated; it raises where something is not as that says."""

import sys
from http import HTTPStatus

from generated import AuthenticatedClient, Client
from generated.api.auth import get_me, login, logout, register
from generated.api.conversations import list_conversations
from generated.api.files import get_avatar, upload_avatar
from generated.api.messages import (
    add_reaction,
    delete_message,
    edit_message,
    list_events,
    list_messages,
    mark_read,
    send_message,
)
from generated.api.users import export_account, search_users, update_profile
from generated.models import (
    ConversationPage,
    EditBody,
    Error,
    ErrorCode,
    EventPage,
    LoginForm,
    MembershipEvent,
    Message,
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePage,
    NewMessageEvent,
    ProfileBody,
    ProfileEvent,
    ReactionEvent,
    ReadEvent,
    RegisterBody,
    SendBody,
    Token,
    Upload,
    UploadAvatarBody,
    User,
)
from generated.types import UNSET, File

URL, PICTURE = sys.argv[1:]


def signed_in(username: str) -> tuple[AuthenticatedClient, User]:
    """Make an account and sign in."""
    client = Client(base_url=URL)
    account = RegisterBody(username=username, password="correct horse", nickname=username)
    user = register.sync(client=client, body=account)
    assert isinstance(user, User), user
    token = login.sync(client=client, body=LoginForm(username=username, password="correct horse"))
    assert isinstance(token, Token), token
    return AuthenticatedClient(base_url=URL, token=token.access_token), user


def in_words(event: object) -> str:
    """Say what an event tells."""
    match event:
        case NewMessageEvent() | MessageEditedEvent():
            return f"{event.type_} {event.data.content} by {event.data.sender.username}"
        case MessageDeletedEvent():
            return f"{event.type_} {event.data.deleted_at.tzinfo}"
        case ReactionEvent():
            return f"{event.type_} {event.data.emoji} {event.data.on}"
        case ReadEvent():
            return f"{event.type_} {event.data.reader_id} of {event.data.user_id}"
        case ProfileEvent():
            return f"{event.type_} {event.data.nickname}"
        case MembershipEvent():
            return f"{event.type_} {event.data.role}"
        case _:
            return type(event).__name__


with signed_in("carl")[0] as carl, signed_in("dora")[0] as dora:
    me, other = get_me.sync(client=carl), get_me.sync(client=dora)
    assert isinstance(me, User)
    assert isinstance(other, User)
    place = list_conversations.sync_detailed(client=carl).headers
    epoch, since = place["Chatd-Epoch"], int(place["Chatd-Cursor"])

    sent = send_message.sync(other.id, client=carl, body=SendBody(content="hello"))
    assert isinstance(sent, Message), sent
    once = SendBody(content="once", client_id="c")
    assert send_message.sync(other.id, client=carl, body=once) == send_message.sync(other.id, client=carl, body=once)
    edit_message.sync(sent.id, client=carl, body=EditBody(content="hello!"))
    add_reaction.sync(sent.id, "👍", client=dora)
    mark_read.sync(me.id, client=dora)
    update_profile.sync(client=dora, body=ProfileBody(nickname="Dora", bio=None))
    delete_message.sync(sent.id, client=carl)

    page = list_events.sync(client=carl, epoch=epoch, since=since, timeout=0)
    assert isinstance(page, EventPage), page
    told = [in_words(event) for event in page.events]
    assert [text.split()[0] for text in told] == [
        "new_message",
        "new_message",
        "message_edited",
        "reaction",
        "read",
        "profile",
        "message_deleted",
    ], told
    assert told[3:6] == ["reaction 👍 True", f"read {other.id} of {me.id}", "profile Dora"], told

    listed = list_conversations.sync(client=dora, limit=10)
    assert isinstance(listed, ConversationPage), listed
    (conversation,) = listed.conversations
    assert conversation.user is not UNSET
    assert conversation.group is UNSET
    assert conversation.last_message is not None
    assert conversation.last_message.content == "once"
    messages = list_messages.sync(client=dora, user=me.id)
    assert isinstance(messages, MessagePage), messages
    assert [each.deleted_at is None for each in messages.items] == [False, True]
    found = search_users.sync(client=dora, q="car")
    assert isinstance(found, list), found
    assert [each.id for each in found] == [me.id]

    with open(PICTURE, "rb") as picture:
        upload = upload_avatar.sync(client=dora, body=UploadAvatarBody(file=File(payload=picture, file_name="a.png")))
    assert isinstance(upload, Upload), upload
    assert isinstance(get_avatar.sync(upload.filename, client=dora), File)
    assert isinstance(export_account.sync(client=dora), File)

    refused = send_message.sync_detailed(999, client=carl, body=SendBody(content="x"))
    assert isinstance(refused.parsed, Error)
    assert (refused.status_code, refused.parsed.code) == (HTTPStatus.NOT_FOUND, ErrorCode.NOT_FOUND)
    logout.sync_detailed(client=dora)
    assert isinstance(ended := get_me.sync(client=dora), Error)
    assert ended.code == ErrorCode.NOT_AUTHENTICATED
print("all as described")
