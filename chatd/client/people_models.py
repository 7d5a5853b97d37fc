"""People, their logins, and what stands in any answer. Fields a newer server adds are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

Json = Mapping[str, Any]


def moment(text: str) -> datetime:
    """Return the time that ``text`` says, in UTC."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """Return the time that ``text`` says, if it says one."""
    return None if text is None else moment(text)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the server's log of changes: the log's name, and the number of the last change seen.

    ``str(cursor)`` can be kept anywhere; :meth:`parse` makes it a cursor again.
    """

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that ``text`` is the ``str`` of.

        :raises ValueError: if it is none.
        """
        epoch, _, seq = text.strip().rpartition(":")
        if not epoch or not (seq.isascii() and seq.isdigit()):
            raise ValueError(f"not a cursor: {text!r}")
        return cls(epoch, int(seq))


@dataclass(frozen=True, slots=True)
class Brief:
    """A user in few words. A bot has ``is_ai`` set."""

    id: int
    username: str
    nickname: str
    avatar_path: str | None
    is_ai: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(data["id"], data["username"], data["nickname"], data["avatar_path"], data["is_ai"])


@dataclass(frozen=True, slots=True)
class User(Brief):
    """A user."""

    bio: str | None
    created_at: datetime

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        return cls(
            data["id"],
            data["username"],
            data["nickname"],
            data["avatar_path"],
            data["is_ai"],
            data["bio"],
            moment(data["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one user on one device."""

    id: int
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes."""
        times = moment(data["created_at"]), moment(data["last_seen_at"])
        return cls(data["id"], data["device"], data["address"], *times, data["is_current"])


@dataclass(frozen=True, slots=True)
class Health:
    """The server can store messages. It may withhold its ``version``."""

    status: str
    version: str | None

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the one that ``data`` describes.

        :raises ValueError: if it says something else.
        """
        if data["status"] != "ok":
            raise ValueError(f"no status of a server that is well: {data['status']!r}")
        return cls(data["status"], data.get("version"))
