"""Reading: conversations, pages of messages, and unread counts."""

from typing import Any

from chatd import clock
from chatd.clock import Clock
from chatd.errors import GroupTooLarge, MessageNotFound, NotYours
from chatd.models import ConversationPage, HistoryPage, MentionPage, MessagePage, Overview, Tally
from chatd.places import GroupPlace, Place
from chatd.services import paging
from chatd.services.lookup import find, find_message
from chatd.storage import change_log, conversations, groups, members, mentions, messages, overviews, reactions, users
from chatd.storage.database import Database
from chatd.storage.engine import Sql
from chatd.storage.messages import Part


class Histories:
    """Reads what people look at."""

    def __init__(self, db: Database, clock: Clock = clock.now) -> None:
        self._db = db
        self._clock = clock

    async def history(self, user_id: int, other_id: int, *, page: int, page_size: int) -> HistoryPage:
        """Return a page of a private conversation: page 1 is the newest, and each page is oldest first.

        :raises UserNotFound: there is no such other user.
        """

        def read(db: Sql) -> HistoryPage:
            other = users.require(db, other_id)
            conversation = conversations.find_private(db, user_id, other_id)
            skip = (page - 1) * page_size
            if conversation is None or skip >= conversation.message_count:
                items = []
            else:
                items = messages.page(db, conversation.id, skip=skip, limit=page_size, viewer=user_id)
            total = 0 if conversation is None else conversation.message_count
            return HistoryPage(items, total, page, page_size, other)

        return await self._db.read(read)

    async def overviews(self, user_id: int) -> list[Overview]:
        """Return a user's private conversations, newest first."""
        return await self._db.read(lambda db: overviews.private_overviews(db, user_id))

    async def unread_count(self, user_id: int) -> int:
        """Return how many private messages a user has not read."""
        return await self._db.read(lambda db: overviews.private_unread(db, user_id))

    async def tally(self, user_id: int) -> Tally:
        """Return how much a user has not read over all conversations, and how much of it disturbs them now."""
        now = self._clock()
        return _tally(await self._db.read(lambda db: overviews.counts(db, user_id)), now)

    async def mentions(self, user_id: int, *, before: int | None, limit: int) -> MentionPage:
        """Return messages that name a user or answer them, in all groups they are in, newest first.

        :param before: only those with lower ids.
        """

        def read(db: Sql) -> MentionPage:
            ids = mentions.naming(db, user_id, before=before, limit=limit + 1)
            found = messages.get_many(db, ids[:limit], viewer=user_id)
            return MentionPage(found[::-1], more=len(ids) > limit)

        return await self._db.read(read)

    async def readers(self, user_id: int, message_id: int) -> list[int]:
        """Return the ids of the others who have read a user's message to a group.

        :raises MessageNotFound: there is no such message in the user's groups.
        :raises NotYours: it is somebody else's.
        :raises GroupTooLarge: nobody is told in a large group.
        """

        def read(db: Sql) -> list[int]:
            conversation, message, _ = find_message(db, user_id, message_id)
            if conversation.other_id is not None:
                raise MessageNotFound
            if message.sender_id != user_id:
                raise NotYours("Only its sender sees who has read a message.")
            if groups.is_large(db, conversation.id):
                raise GroupTooLarge("Nobody is told who has read a message in a group as large as this.")
            found = members.readers(db, conversation.id, message_id, message.created_at)
            return [each for each in found if each != user_id]

        return await self._db.read(read)

    async def reactors(
        self, user_id: int, message_id: int, emoji: str, *, after: int, limit: int
    ) -> tuple[list[int], bool]:
        """Return who has chosen an emoji below a message, by their ids, above one, and whether there are more.

        :raises MessageNotFound: there is no such message in the user's conversations.
        """

        def read(db: Sql) -> tuple[list[int], bool]:
            _, message, _ = find_message(db, user_id, message_id)
            if message.removed:
                return [], False
            found = reactions.chose(db, message_id, emoji, after=after, limit=limit + 1, viewer=user_id)
            return found[:limit], len(found) > limit

        return await self._db.read(read)

    async def conversations(self, user_id: int, *, before: int | None, limit: int) -> ConversationPage:
        """Return a user's conversations, newest first, and the log's position in the same snapshot.

        :param before: return only those whose newest message has a lower id.
        """

        def read(db: Sql) -> ConversationPage:
            found = overviews.states(db, user_id, before=before, limit=limit + 1)
            return ConversationPage(
                items=found[:limit], more=len(found) > limit, epoch=change_log.epoch(db), cursor=change_log.head(db)
            )

        return await self._db.read(read)

    async def messages(
        self,
        user_id: int,
        where: Place,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        part: Part = "whole",
        limit: int,
    ) -> MessagePage:
        """Return messages of a conversation by id: below ``before``, above ``after``, on both sides of ``around``,
        or the newest.

        :param part: of all its messages, or of those that are pinned.
        :raises UserNotFound: there is no such user.
        :raises ConversationNotFound: there is no such group, or the user is not in it.
        :raises MessageNotFound: the user does not see ``around`` in the group.
        """

        def read(db: Sql) -> MessagePage:
            conversation = find(db, user_id, where, may_be_self=True)
            if conversation is None:
                return MessagePage([], more_before=False, more_after=False)
            found = paging.page(
                db,
                conversation.id,
                before=before,
                after=after,
                around=around,
                limit=limit,
                viewer=user_id,
                part=part,
            )
            if around is not None and isinstance(where, GroupPlace) and around not in {each.id for each in found.items}:
                raise MessageNotFound
            return found

        return await self._db.read(read)

    async def thread(
        self, user_id: int, message_id: int, *, before: int | None, after: int | None, limit: int
    ) -> MessagePage:
        """Return what a user sees of a thread by id: below ``before``, above ``after``, or the newest.

        :param message_id: a message of the thread, or what the thread goes back to, whether or not they see that.
        :raises MessageNotFound: they see nothing of such a thread.
        """

        def read(db: Sql) -> MessagePage:
            found = messages.thread_of(db, message_id, viewer=user_id)
            if found is None:
                raise MessageNotFound
            group_id, root = found
            seen: dict[str, Any] = {"viewer": user_id, "part": "thread", "root": root}
            shown = paging.page(db, group_id, before=before, after=after, limit=limit, **seen)
            if not (shown.items or shown.more_before or shown.more_after):
                raise MessageNotFound
            return shown

        return await self._db.read(read)


def _tally(found: list[overviews.Counts], now: int) -> Tally:
    """Return the sums; a level says what counts in the badge."""
    badge = 0
    for each in found:
        is_muted = each.muted_until is not None and each.muted_until > now
        of_level = {"all": each.unread, "mentions": each.named + each.to_all, "named": each.named, "none": 0}
        badge += 0 if is_muted else of_level[each.notify]
    return Tally(badge, sum(each.unread for each in found), sum(each.named + each.to_all for each in found))
