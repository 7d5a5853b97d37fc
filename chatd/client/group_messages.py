"""The calls about messages of groups: what names one, who has read one's own, threads, and what is pinned."""

from urllib.parse import quote

from chatd.client.answers import given, nothing
from chatd.client.group_models import MentionPage
from chatd.client.group_paths import Calls, GroupLike, group_id, message_id
from chatd.client.models import Message, MessagePage


class GroupMessages(Calls):
    """One user's calls about messages of groups."""

    async def mentions(self, *, before: int | None = None, limit: int = 50) -> MentionPage:
        """Return the messages of all one's groups that name or answer one, newest first.

        :param before: the id of the last message of the page before.
        """
        return await self._ask("GET", "/mentions", MentionPage.of, params=given(before=before, limit=limit))

    async def readers(self, message: int | Message) -> frozenset[int]:
        """Return the ids of those who have read a message of one's own to a group."""
        path = f"/messages/{message_id(message)}/readers"
        return await self._ask("GET", path, lambda answer: frozenset(answer["user_ids"]))

    async def reactors(
        self, message: int | Message, emoji: str, *, after: int = 0, limit: int = 100
    ) -> tuple[int, ...]:
        """Return the ids of those who have chosen an emoji below a message, in their order.

        :param after: the last one of the page before.
        """
        path = f"/messages/{message_id(message)}/reactions/{quote(emoji, safe='')}"
        query = given(after=after, limit=limit)
        return await self._ask("GET", path, lambda answer: tuple(answer["user_ids"]), params=query)

    async def thread(
        self, message: int | Message, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> MessagePage:
        """Return the thread that a message is in, oldest first: what it goes back to, and all that does.

        :param before: only those with lower ids.
        :param after: the oldest ones with higher ids.
        """
        query = given(thread=message_id(message), before=before, after=after, limit=limit)
        return await self._ask("GET", "/messages", MessagePage.of, params=query)

    async def pin(self, message: int | Message) -> None:
        """Pin a message in its group."""
        await self._ask("PUT", f"/messages/{message_id(message)}/pin", nothing)

    async def unpin(self, message: int | Message) -> None:
        """Pin a message no longer."""
        await self._ask("DELETE", f"/messages/{message_id(message)}/pin", nothing)

    async def pinned(self, group: GroupLike, *, before: int | None = None, limit: int = 50) -> MessagePage:
        """Return the messages that are pinned in a group, oldest first.

        :param before: only those with lower ids.
        """
        query = given(group=group_id(group), pinned="true", before=before, limit=limit)
        return await self._ask("GET", "/messages", MessagePage.of, params=query)
