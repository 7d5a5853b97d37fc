"""Reading: conversations, pages of messages, and unread counts."""

from chatd.models import ConversationPage, HistoryPage, MessagePage, Overview
from chatd.places import Place
from chatd.services.lookup import find
from chatd.storage import change_log, conversations, messages, overviews, users
from chatd.storage.database import Database
from chatd.storage.engine import Sql


class Histories:
    """Reads what people look at."""

    def __init__(self, db: Database) -> None:
        self._db = db

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
        limit: int,
    ) -> MessagePage:
        """Return messages of a conversation by id: below ``before``, above ``after``, on both sides of ``around``,
        or the newest.

        :raises UserNotFound: there is no such user.
        :raises ConversationNotFound: there is no such group, or the user is not in it.
        """

        def read(db: Sql) -> MessagePage:
            conversation = find(db, user_id, where, may_be_self=True)
            if conversation is None:
                return MessagePage([], more_before=False, more_after=False)
            if after is not None:
                items = messages.after(db, conversation.id, after, limit, viewer=user_id)
            elif around is not None:
                older = messages.before(db, conversation.id, around + 1, limit - limit // 2, viewer=user_id)
                newer = messages.after(db, conversation.id, around, limit - len(older), viewer=user_id)
                items = older + newer
            else:
                items = messages.before(db, conversation.id, before, limit, viewer=user_id)
            if not items:  # all messages lie on the other side
                any_at_all = conversation.message_count > 0
                return MessagePage(
                    [],
                    more_before=any_at_all and after is not None,
                    more_after=any_at_all and before is not None,
                )
            return MessagePage(
                items,
                more_before=bool(messages.before(db, conversation.id, items[0].id, 1, viewer=user_id)),
                more_after=bool(messages.after(db, conversation.id, items[-1].id, 1, viewer=user_id)),
            )

        return await self._db.read(read)
