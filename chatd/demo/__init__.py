"""``chatd demo``: a community made up for looking around in, written by the services that a server uses."""

import random
import secrets
from pathlib import Path

from chatd.clock import DAY_MS
from chatd.config import Accounts as AccountSettings
from chatd.config import Config, Limits
from chatd.demo.pictures import portrait
from chatd.demo.script import BLOCKED, PASSWORD, PEOPLE, SMALL_TALK, TALKS, Line, Talk
from chatd.models import User
from chatd.places import UserPlace
from chatd.services import accounts
from chatd.services.accounts import Accounts
from chatd.services.avatars import PATH_PREFIX, Avatars
from chatd.services.blocks import Blocks
from chatd.services.community import Communities
from chatd.services.messages import Messages
from chatd.services.passwords import Passwords
from chatd.services.sessions import Sessions
from chatd.services.tokens import Tokens
from chatd.storage.commit import Transaction
from chatd.storage.database import Database
from chatd.storage.engine.sqlite.engine import Sqlite

#: How long the community has been talking, in milliseconds.
AGE_MS = 3 * DAY_MS


async def fill(database: Path, *, now: int, seed: int) -> None:
    """Write the community into a database that has been migrated and has nobody in it.

    The same ``seed`` and ``now`` make the same people, messages and times; hashes of passwords and names of files are
    random.

    :param now: the end of what has happened, in milliseconds since 1970.
    """
    passwords, db = Passwords(), Database(Sqlite(database))
    await db.open()
    try:
        chance = random.Random(seed)  # noqa: S311 - no secret comes of it
        await _Community(db, passwords, now, chance).live(await passwords.hash(PASSWORD))
    finally:
        await db.close()
        passwords.close()


class _Community:
    """The demo while it is being written."""

    def __init__(self, db: Database, passwords: Passwords, now: int, chance: random.Random) -> None:
        self._db = db
        self._now = now - AGE_MS
        self._chance = chance
        self._step = AGE_MS // sum(len(talk.lines) + talk.small_talk for talk in TALKS)
        self._people: dict[str, User] = {}
        limits = Limits(messages_per_second=0)
        self._messages = Messages(db, limits, self._clock)
        sessions = Sessions(db, Tokens(secrets.token_bytes(32)), passwords, AccountSettings(), limits, self._clock)
        self._accounts = Accounts(db, sessions, passwords, Communities(db, Config()), limits, self._clock)

    def _clock(self) -> int:
        return self._now

    async def live(self, password_hash: str) -> None:
        """Make the people and let them talk."""
        await self._db.write(lambda tx: self._settle(tx, password_hash))
        await self._introduce()
        for talk in TALKS:
            await self._hold(talk)
        blocker, blocked = BLOCKED
        await Blocks(self._db, self._clock).block(self._people[blocker].id, self._people[blocked].id)

    def _settle(self, tx: Transaction, password_hash: str) -> None:
        """Make the accounts."""
        for each in PEOPLE:
            self._people[each.username] = accounts.create(
                tx, each.username, each.nickname, password_hash, now=self._now
            )

    async def _introduce(self) -> None:
        """Write what people say of themselves, and draw their pictures."""
        pictures = Avatars(self._db, self._clock)
        for each in PEOPLE:
            user_id = self._people[each.username].id
            changes = {"bio": each.bio}
            if each.has_picture:
                changes["avatar_path"] = PATH_PREFIX + await pictures.store(user_id, portrait(self._chance))
            await self._accounts.update_profile(user_id, changes)

    async def _hold(self, talk: Talk) -> None:
        """Let two people talk, and read all but what is left unread."""
        reader, writer = talk.between
        small = [
            Line(self._chance.choice(talk.between), self._chance.choice(SMALL_TALK)) for _ in range(talk.small_talk)
        ]
        for line in small:
            await self._say(talk, line, {})
        stored: dict[int, int] = {}
        for place, line in enumerate(talk.lines):
            stored[place] = await self._say(talk, line, stored)
        theirs = [place for place, line in enumerate(talk.lines) if line.who == writer]
        first_unread = theirs[len(theirs) - talk.unread] if talk.unread else len(talk.lines)
        await self._read(reader, writer, stored[first_unread] - 1 if talk.unread else max(stored.values()))
        await self._read(writer, reader, max(stored.values()))

    async def _say(self, talk: Talk, line: Line, stored: dict[int, int]) -> int:
        """Store a line and what becomes of it, and return its id."""
        self._now += round(self._step * self._chance.uniform(0.2, 1.0))
        author = self._people[line.who].id
        other = self._people[talk.between[1] if line.who == talk.between[0] else talk.between[0]].id
        reply_to = None if line.reply_to is None else stored[line.reply_to]
        message = (await self._messages.post(author, UserPlace(other), line.text, reply_to=reply_to)).message
        if line.edited is not None:
            await self._messages.edit(author, message.id, line.edited)
        if line.is_deleted:
            await self._messages.delete(author, message.id)
        if line.reaction is not None:
            await self._messages.react(other, message.id, line.reaction, True)
        return message.id

    async def _read(self, reader: str, other: str, up_to: int) -> None:
        await self._messages.move_marker(self._people[reader].id, UserPlace(self._people[other].id), up_to)
