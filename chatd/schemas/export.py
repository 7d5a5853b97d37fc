"""A person's data as a zip file: JSON for programs and a page for people."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import escape
from typing import IO, Any, TextIO

from chatd import __version__
from chatd.models import Conversation, Message, User
from chatd.schemas.answers import BriefSchema, SessionSchema, UserSchema
from chatd.schemas.fields import iso_time
from chatd.schemas.message_json import full_message
from chatd.schemas.people import BlockSchema, ReportSchema
from chatd.services.exports import PersonalData
from chatd.services.reactions import shown_reaction

_BRIEF = BriefSchema()

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
dt { font-weight: 600; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
article { margin: 0 0 .75rem; } article p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
small { color: #555; }
"""


def write_archive(file: IO[bytes], data: PersonalData) -> None:
    """Write everything a person has into a zip: ``data.json``, ``index.html`` and their pictures.

    Only one page of messages is in memory at a time.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with _text(archive, "data.json") as out:
            _write_json(out, data)
        with _text(archive, "index.html") as out:
            _write_page(out, data)
        for name, content in data.pictures():
            archive.writestr(zipfile.ZipInfo(f"pictures/{name}"), content)


@contextmanager
def _text(archive: zipfile.ZipFile, name: str) -> Iterator[TextIO]:
    with archive.open(name, "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8", newline="\n") as out:
        yield out


# For programs.


def _write_json(out: TextIO, data: PersonalData) -> None:
    sessions = SessionSchema(many=True, exclude=("is_current",))
    fields: list[tuple[str, Any]] = [
        ("server", f"chatd {__version__}"),
        ("exported_at", iso_time(data.exported_at)),
        ("profile", UserSchema().dump(data.profile)),
        ("sessions", sessions.dump(data.sessions)),
        ("blocks", BlockSchema(many=True).dump(data.blocks)),
        ("reports", ReportSchema(many=True).dump(data.reports)),
    ]
    out.write("{\n")
    for name, value in fields:
        out.write(f"{_json(name)}: {_json(value)},\n")
    reactions = (
        _json({"message_id": message_id, "emoji": shown_reaction(emoji)}) for message_id, emoji in data.reactions()
    )
    _write_list(out, "reactions", reactions)
    out.write(',\n"conversations": [')
    separator = "\n"
    for conversation, other, marker in data.conversations():
        whom = ("user", _BRIEF.dump(other)) if other else ("group", {"id": conversation.id, "name": conversation.name})
        read_up_to = None if marker is None else marker.read_up_to
        out.write(f'{separator}{{{_json(whom[0])}: {_json(whom[1])}, "read_up_to": {_json(read_up_to)},\n')
        told = data.messages(conversation)
        _write_list(out, "messages", (full_message(message) for message in told))
        out.write("}")
        separator = ",\n"
    out.write("]\n}\n")


def _write_list(out: TextIO, name: str, items: Iterable[str]) -> None:
    out.write(f"{_json(name)}: [")
    separator = "\n"
    for item in items:
        out.write(separator + item)
        separator = ",\n"
    out.write("]")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# For people.


def _write_page(out: TextIO, data: PersonalData) -> None:
    user = data.profile
    say = out.write
    say('<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n')
    say("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
    say(f"<title>{escape(user.nickname)} · chatd</title>\n<style>{_STYLE}</style>\n")
    say(f'<h1 dir="auto">{escape(user.nickname)}</h1>\n')
    say(f"<p>Everything of this account, as it was at {iso_time(data.exported_at)}. The same for programs is in ")
    say("data.json; pictures are in the folder pictures.</p>\n<h2>Profile</h2>\n<dl>\n")
    for term, value in (
        ("Username", user.username),
        ("Nickname", user.nickname),
        ("About", user.bio or ""),
        ("Picture", user.avatar_path or ""),
        ("Since", iso_time(user.created_at)),
    ):
        say(f'<dt>{term}</dt><dd dir="auto">{escape(value)}</dd>\n')
    say("</dl>\n")
    _say_list(say, "Devices", (f"{it.device} ({it.address}), {iso_time(it.last_seen_at)}" for it in data.sessions))
    _say_list(say, "Blocked", (f"{_name(it.user)}, {iso_time(it.created_at)}" for it in data.blocks))
    _say_list(
        say,
        "Reports",
        (f"{iso_time(it.created_at)}, {_name(it.sender)}: {it.content} ({it.reason})" for it in data.reports),
    )
    for conversation, other, _ in data.conversations():
        say(f'<h2 dir="auto">{escape(_title(conversation, other))}</h2>\n')
        for message in data.messages(conversation):
            _say_message(say, message)
    say("</html>\n")


def _say_list(say: Callable[[str], object], title: str, items: Iterable[str]) -> None:
    say(f"<h2>{title}</h2>\n<ul>\n")
    for item in items:
        say(f'<li dir="auto">{escape(item)}</li>\n')
    say("</ul>\n")


def _say_message(say: Callable[[str], object], message: Message) -> None:
    notes = [iso_time(message.created_at)]
    if message.edited_at is not None:
        notes.append("edited")
    if message.deleted_at is not None:
        notes.append("deleted")
    notes += [f"{shown_reaction(each.emoji)} {each.total}" for each in message.reactions]
    say(f'<article id="m{message.id}"><b dir="auto">{escape(message.sender.nickname)}</b> ')
    say(f'<small>{escape(", ".join(notes))}</small><p dir="auto">{escape(message.content)}</p></article>\n')


def _name(user: User) -> str:
    return f"{user.nickname} ({user.username})"


def _title(conversation: Conversation, other: User | None) -> str:
    return _name(other) if other is not None else conversation.name or ""
