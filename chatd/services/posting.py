"""Storing messages: all that wait for the same commit together, private or a group's, replies and repetitions too."""

from collections.abc import Sequence

import msgspec

from chatd.errors import (
    Blocked,
    CannotMessageSelf,
    ChatError,
    ClientIdReused,
    ConversationNotFound,
    Forbidden,
    MessageNotFound,
    SlowMode,
    UserNotFound,
)
from chatd.events import MessageCreated
from chatd.models import Message, Posted
from chatd.places import Place, UserPlace
from chatd.records import Record
from chatd.services import firsts, naming, seen, voices
from chatd.storage import mentions, messages, posts
from chatd.storage.circles import Circle
from chatd.storage.commit import Conflict, Outcome
from chatd.storage.engine import Sql
from chatd.storage.memory import Memory, Private
from chatd.storage.posts import NewMessage, Pair


class Post(Record):
    """The work of storing one message; see :meth:`chatd.services.messages.Messages.posting`."""

    sender_id: int
    to: Place
    content: str
    client_id: str | None
    reply_to: int | None
    origin: object
    now: int

    def run_all(
        self, db: Sql, memory: Memory, works: Sequence["Post"], /, *, looks_first: bool
    ) -> list[Outcome[Posted]]:
        """Store the messages; see :meth:`chatd.storage.commit.Gathered.run_all`.

        Optimism is that none of them was sent before: to look for each ``client_id`` takes a tenth of the time.
        """
        return _Posting(db, memory, works, looks_first=looks_first).store()

    def is_same_as(self, stored: Message, kept: bytes | None) -> bool:
        """Report whether a message is what this post stores, as it was first sent.

        :param kept: what is kept of its content as first sent. Of a message that an older chatd deleted that is None.
        """
        content = self.content
        if (stored.to, stored.reply_to) != (self.to, self.reply_to):
            return False
        if stored.deleted_at is not None and not firsts.is_whole(kept):
            return kept is None or firsts.is_rest_of(kept, content)
        return stored.content == content if kept is None else kept == firsts.digest(content)


class _Posting:
    """Messages on their way into the database: what they need is read first, and they are written last."""

    def __init__(self, db: Sql, memory: Memory, works: Sequence[Post], *, looks_first: bool) -> None:
        self._db = db
        self._memory = memory
        self._works = works
        self._looks_first = looks_first
        user_ids: set[int] = set()
        pairs: set[Pair] = set()
        group_ids: set[int] = set()
        replied: set[int] = set()
        for post in works:
            sender_id, to = post.sender_id, post.to
            if isinstance(to, UserPlace):
                pairs.add((sender_id, to.id))
            else:
                user_ids.add(sender_id)
                group_ids.add(to.id)
            if post.reply_to is not None:
                replied.add(post.reply_to)
        for pair in pairs:
            user_ids.update(pair)
        self._users = memory.users(user_ids)
        self._private = memory.private(pairs)
        self._circles = memory.circles(group_ids)
        self._blocks = memory.blocks(pairs)
        #: Whether somebody is blocked, or gone: mostly nobody is, and then nothing is looked up for each message.
        self._may_not_arrive = bool(self._blocks) or any(
            user_id in self._users and self._users[user_id].is_deleted for user_id in user_ids
        )
        self._replied = posts.conversations_of(db, replied) if replied else {}
        self._stored = self._load() if looks_first else {}
        self._names = {
            at: naming.written(post.content)
            for at, post in enumerate(works)
            if "@" in post.content and not isinstance(post.to, UserPlace)
        }
        self._known = self._load_names() if self._names else {}
        #: Who is named, with the message, the group and the sender, and the messages that name everybody.
        self._named: list[tuple[int, int, int, int]] = []
        self._to_all: list[int] = []
        self._rows: list[NewMessage] = []
        self._hidden: dict[int, int] = {}
        #: When members of slow groups sent last, by group and user, and which of them do so now.
        self._sent_at: dict[Pair, int | None] = {}
        self._sent_now: dict[Pair, int] = {}
        self._head = memory.head

    def store(self) -> list[Outcome[Posted]]:
        """Store what can be stored, and return the outcome of each post."""
        outcomes: list[Outcome[Posted]] = []
        for at, post in enumerate(self._works):
            try:
                outcomes.append(self._post(post, self._names.get(at, ())))
            except ChatError as error:
                if post.client_id is not None and not self._looks_first:  # it may be a message that is stored
                    raise Conflict from error
                outcomes.append(Outcome(None, error, ()))
        if self._rows:
            if not posts.insert(self._db, self._rows, list(self._hidden.items())):
                raise Conflict
            self._memory.head = self._head + len(self._rows)
        if self._sent_now:
            posts.note_sent(self._db, [(*pair, sent_at) for pair, sent_at in self._sent_now.items()])
        if self._named or self._to_all:
            silent = self._memory.blocks({(named, sender) for _, named, _, sender in self._named})
            mentions.insert(
                self._db,
                [
                    (message_id, named, group_id, int((named, sender) in silent))
                    for message_id, named, group_id, sender in self._named
                ],
                self._to_all,
            )
        return outcomes

    def _load_names(self) -> dict[naming.Name, int]:
        """Return the members whom the messages may name."""
        keys = set().union(*(naming.spelled(self._works[at].to.id, names) for at, names in self._names.items()))
        return mentions.members_named(self._db, keys) if keys else {}

    def _load(self) -> dict[tuple[int, str], tuple[Message, bytes | None]]:
        """Return the messages that are stored already, each as its sender sees it, and what is kept of its content."""
        named = [(post.sender_id, post.client_id) for post in self._works if post.client_id is not None]
        found = posts.by_client_ids(self._db, named) if named else {}
        by_sender: dict[int, list[int]] = {}
        for (sender_id, _), (message_id, _, _) in found.items():
            by_sender.setdefault(sender_id, []).append(message_id)
        shown = {
            message.id: message
            for sender_id, ids in by_sender.items()
            for message in seen.own(self._db, messages.get_many(self._db, ids, viewer=sender_id), sender_id)
        }
        return {
            key: (shown[message_id], firsts.digest(removed) if removed is not None and kept is None else kept)
            for key, (message_id, kept, removed) in found.items()
        }

    def _post(self, post: Post, names: Sequence[Sequence[str]]) -> Outcome[Posted]:
        sender_id, to = post.sender_id, post.to
        sender = self._users.get(sender_id)
        if sender is None:
            raise UserNotFound
        conversation: Private | Circle | None
        if is_private := isinstance(to, UserPlace):
            if sender_id == to.id:
                raise CannotMessageSelf
            if to.id not in self._users:
                raise UserNotFound
            conversation = self._private.get((sender_id, to.id))
        else:
            conversation = self._circles.get(to.id)
        client_id = post.client_id
        if self._looks_first and client_id is not None:
            stored = self._stored.get((sender_id, client_id))
            if stored is not None:
                if not post.is_same_as(*stored):
                    raise ClientIdReused
                return Outcome(Posted(stored[0], duplicate=True, seq=None), None, ())
        if not is_private:
            self._require_may_post(sender_id, conversation, post.now)
        hidden_from = self._hidden_from(sender_id, to.id) if is_private and self._may_not_arrive else None
        reply_hidden_from = answered = thread = None
        if post.reply_to is not None:
            reply_hidden_from, answered, thread = self._require_replied(post.reply_to, sender_id, conversation)
        if isinstance(conversation, Circle):
            self._require_patience(conversation, sender_id, post.now)
        if conversation is None:
            conversation = self._memory.begin_private(sender_id, to.id, post.now)
        message_id = self._head + 1 + len(self._rows)
        whom: tuple[int, ...]
        named: tuple[int, ...] = ()
        names_all = False
        if isinstance(conversation, Circle):
            whom, is_first = conversation.members, False
            if names or answered is not None:
                named, names_all = self._name(message_id, conversation, sender_id, names, answered)
        else:
            whom = (sender_id, to.id) if hidden_from is None else (sender_id,)
            is_first = not conversation.is_begun and conversation.begin(whom)
        row = (message_id, conversation.id, sender_id, post.content, client_id, post.now, post.reply_to, thread)
        self._rows.append(row)
        if hidden_from is not None:
            self._hidden[message_id] = hidden_from
        message = Message(message_id, sender, to, post.content, client_id, False, post.now, reply_to=post.reply_to)
        if named or names_all or thread is not None:
            message = msgspec.structs.replace(message, mentions=named, mentions_all=names_all, thread=thread)
        if self._looks_first and client_id is not None:
            self._stored[sender_id, client_id] = message, None
        event = MessageCreated(seq=message_id, recipients=whom, origin=post.origin, message=message, is_first=is_first)
        events = [event] if reply_hidden_from is None else _as_seen(event, reply_hidden_from)
        return Outcome(Posted(message, False, message_id), None, events)

    def _name(
        self, message_id: int, group: Circle, sender_id: int, names: Sequence[Sequence[str]], answered: int | None
    ) -> tuple[tuple[int, ...], bool]:
        """Note whom a message to a group names, and whether it names everybody; return both."""
        answered_id = answered if answered is not None and group.has(answered) else None
        named = naming.people(names, self._known, group.id, sender_id, answered_id)
        self._named += [(message_id, each, group.id, sender_id) for each in named]
        names_all = naming.names_all(names) and group.may_name_all(sender_id)
        if names_all:
            self._to_all.append(message_id)
        return named, names_all

    @staticmethod
    def _require_may_post(sender_id: int, group: Private | Circle | None, now: int) -> None:
        """Refuse a message to a group that the sender is not in, or may not write in."""
        if not isinstance(group, Circle) or not group.has(sender_id):
            raise ConversationNotFound
        voices.require(group, sender_id, now)
        if not group.may_post(sender_id):
            raise Forbidden

    def _require_patience(self, group: Circle, sender_id: int, now: int) -> None:
        """Refuse a message that comes too soon after the sender's last one in a slow group; else note that it comes."""
        slow_ms, pair = group.slow_ms(sender_id), (group.id, sender_id)
        if not slow_ms:
            return
        if pair not in self._sent_at:
            self._sent_at[pair] = posts.sent_last(self._db, *pair)
        last = self._sent_at[pair]
        if last is not None and 0 <= now - last < slow_ms:
            raise SlowMode((last + slow_ms - now) / 1000)
        self._sent_at[pair] = self._sent_now[pair] = now

    def _hidden_from(self, sender_id: int, receiver_id: int) -> int | None:
        """Return from whom a private message has to be hidden: from its receiver, if they block the sender."""
        if self._users[receiver_id].is_deleted:
            raise UserNotFound
        if (sender_id, receiver_id) in self._blocks:
            raise Blocked
        return receiver_id if (receiver_id, sender_id) in self._blocks else None

    def _require_replied(
        self, message_id: int, viewer: int, conversation: Private | Circle | None
    ) -> tuple[int | None, int, int | None]:
        """Return whom the message that is replied to is hidden from, who sent it, and in a group the first message of
        its thread.

        The viewer sees it, in the same conversation.
        """
        at = message_id - self._head - 1
        if 0 <= at < len(self._rows):
            _, conversation_id, sender_id, *_, thread = self._rows[at]
            hidden_from = self._hidden.get(message_id)
        else:
            conversation_id, hidden_from, sender_id, thread = self._replied.get(message_id, (0, None, 0, None))
        if conversation is None or conversation_id != conversation.id or hidden_from == viewer:
            raise MessageNotFound
        if not isinstance(conversation, Circle):
            return hidden_from, sender_id, None
        if not conversation.shows(message_id, viewer):
            raise MessageNotFound
        return hidden_from, sender_id, message_id if thread is None else thread


def _as_seen(event: MessageCreated, reply_hidden_from: int) -> list[MessageCreated]:
    """Return the event as each recipient may see it: who does not see a message sees no reply to it."""
    if reply_hidden_from not in event.recipients:
        return [event]
    others = tuple(each for each in event.recipients if each != reply_hidden_from)
    plain = msgspec.structs.replace(event.message, reply_to=None)
    return [
        msgspec.structs.replace(event, recipients=others),
        msgspec.structs.replace(event, recipients=(reply_hidden_from,), message=plain),
    ]
