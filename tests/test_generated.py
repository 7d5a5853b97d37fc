"""The generated files (the web client's types, the documents' tables) and the Python client match the forms."""

import dataclasses
import shutil
import subprocess
import sys
import types
import typing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from chatd.client import events as client_events
from chatd.client import group_models as of_groups
from chatd.client import models as client
from chatd.schemas import BriefSchema, HistorySchema, MessageSchema, SessionSchema, UserSchema
from chatd.schemas.actions import ActionPageSchema, ActionSchema, RemovedPageSchema, ValuesSchema
from chatd.schemas.conversations import ConversationStateSchema
from chatd.schemas.events import EVENTS
from chatd.schemas.fields import Timestamp
from chatd.schemas.groups import (
    GroupReportSchema,
    GroupSchema,
    JoinedGroupSchema,
    JoinRequestSchema,
    ListedGroupInviteSchema,
    MeInGroupSchema,
    MemberPageSchema,
    MemberSchema,
    NewGroupInviteSchema,
    PreviewSchema,
    ReceivedInvitationSchema,
    RulesSchema,
    WayInSchema,
)
from chatd.schemas.messages import (
    FullMessageSchema,
    MentionPageSchema,
    MessagePageSchema,
    ReactionSchema,
    TallySchema,
)
from tools import generate, tables, typescript

ROOT = Path(__file__).resolve().parent.parent

HOW = "change chatd/client with chatd/schemas"

#: The forms that the Python client reads, and the dataclasses it makes of them.
MODELS: dict[type[Schema], type] = {
    BriefSchema: client.Brief,
    UserSchema: client.User,
    RulesSchema: client.Rules,
    GroupSchema: client.Group,
    PreviewSchema: client.Preview,
    MeInGroupSchema: client.MeInGroup,
    ValuesSchema: of_groups.ActionValues,
    ActionSchema: of_groups.Action,
    SessionSchema: client.Session,
    ReactionSchema: client.Emoji,
    FullMessageSchema: client.Message,
    ConversationStateSchema: client.Conversation,
    MessagePageSchema: client.MessagePage,
    HistorySchema: client.History,
    JoinedGroupSchema: of_groups.MyGroup,
    MemberSchema: of_groups.Member,
    MemberPageSchema: of_groups.MemberPage,
    NewGroupInviteSchema: of_groups.NewGroupInvite,
    ListedGroupInviteSchema: of_groups.ListedGroupInvite,
    WayInSchema: of_groups.WayIn,
    ReceivedInvitationSchema: of_groups.ReceivedInvitation,
    JoinRequestSchema: of_groups.JoinRequest,
    MentionPageSchema: of_groups.MentionPage,
    TallySchema: of_groups.Tally,
    GroupReportSchema: of_groups.GroupReport,
    ActionPageSchema: of_groups.ActionPage,
    RemovedPageSchema: of_groups.RemovedPage,
}

#: Events whose data is one thing, by the name that thing has in the client.
WHOLE = {"new_message": "message", "message_edited": "message", "profile": "user", "group": "group", "action": "action"}

#: Fields that have another name in the client.
RENAMED = {("message_deleted", "id"): "message_id", ("invitation", "from"): "sender"}


def test_the_generated_files_match_the_forms() -> None:
    for path, text in generate.generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run nox -s generate"


def test_the_command_says_so_too() -> None:
    subprocess.run([sys.executable, "-m", "tools.generate", "--check"], cwd=ROOT, check=True)


@pytest.mark.slow
def test_a_form_with_another_field_fails_every_check_until_the_rest_follows(tmp_path: Path) -> None:
    for name in ("chatd", "docs", "tests", "tools", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
        else:
            shutil.copy(source, tmp_path)
    types_of_web = tmp_path / "web/src/api/wire.ts"
    types_of_web.parent.mkdir(parents=True)
    shutil.copy(ROOT / types_of_web.relative_to(tmp_path), types_of_web)
    for name, field in (("events", "    role = fields"), ("messages", "    client_id = fields")):
        form = tmp_path / f"chatd/schemas/{name}.py"
        text = form.read_text(encoding="utf-8")
        assert text.count(field) == 1
        form.write_text(text.replace(field, f"    colour = fields.String(required=True)\n{field}"), encoding="utf-8")

    def run(module: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout + done.stderr

    checked = run("tools.generate", "--check")
    for name in ("web/src/api/wire.ts", "docs/events.md"):
        assert f"{name} does not match chatd/schemas: run nox -s generate" in checked
    chosen = "client_has_each_field or every_field_of_its_form"
    files = ("tests/test_generated.py", "tests/services/test_message_json.py")
    tested = run("pytest", "-q", "-n0", "-p", "no:cacheprovider", "-k", chosen, *files)
    failed = {line.split("::")[1].split(" ")[0] for line in tested.splitlines() if line.startswith("FAILED")}
    assert failed == {
        "test_the_client_has_each_field_of_each_form[FullMessageSchema]",
        "test_the_client_has_each_field_of_each_event[membership]",
        "test_a_message_written_by_hand_has_every_field_of_its_form",
    }
    assert HOW in tested
    assert "write it in chatd/schemas/message_json.py" in tested


def test_a_field_without_a_known_type_is_refused() -> None:
    with pytest.raises(TypeError, match="tools/typescript"):
        typescript.interface(Schema.from_dict({"odd": fields.Raw()}), "Odd")


def test_a_document_that_has_lost_a_table_is_named() -> None:
    with pytest.raises(ValueError, match="made: commands"):
        generate.with_tables("# No table", {"commands": tables.commands})


@pytest.mark.parametrize("form", MODELS)
def test_the_client_has_each_field_of_each_form(form: type[Schema]) -> None:
    model = MODELS[form]
    hints = typing.get_type_hints(model)
    named = {"sender" if name == "from" else name: field for name, field in form().fields.items()}
    assert set(hints) == set(named), HOW
    for name, field in named.items():
        fits(field, hints[name], f"{model.__name__}.{name}")


@pytest.mark.parametrize("kind", EVENTS)
def test_the_client_has_each_field_of_each_event(kind: str) -> None:
    cls, _ = client_events._KINDS[kind]
    known = {each.name for each in dataclasses.fields(client_events.Event)}
    hints = {name: hint for name, hint in typing.get_type_hints(cls).items() if name not in known}
    form = EVENTS[kind].data
    if kind in WHOLE:
        assert hints == {WHOLE[kind]: MODELS[type(form)]}, HOW
        return
    names = {RENAMED.get((kind, name), name): field for name, field in form.fields.items()}
    assert set(hints) == set(names), HOW
    for name, field in names.items():
        fits(field, hints[name], f"{cls.__name__}.{name}")


def test_the_client_knows_no_event_that_there_is_not() -> None:
    assert client_events._KINDS.keys() == EVENTS.keys(), HOW


def fits(field: "fields.Field[Any]", hint: Any, where: str) -> None:
    """Expect that a type of the client holds a field's values."""
    is_union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    options = typing.get_args(hint) if is_union else (hint,)
    assert not field.allow_none or types.NoneType in options, f"{where} may be null: {HOW}"
    kinds = [each for each in options if each is not types.NoneType]
    assert len(kinds) == 1, where
    kind = kinds[0]
    if isinstance(field, fields.List):
        assert typing.get_origin(kind) in (tuple, frozenset), where
        fits(field.inner, typing.get_args(kind)[0], where)
    elif isinstance(field, fields.Nested):
        form = FullMessageSchema if type(field.schema) is MessageSchema else type(field.schema)  # the classic form
        assert kind is MODELS[form], f"{where}: {HOW}"
    else:
        expected = next(
            python
            for marshmallow, python in (
                (Timestamp, datetime),
                (fields.Boolean, bool),
                (fields.Integer, int),
                (fields.String, str),
            )
            if isinstance(field, marshmallow)
        )
        assert kind is expected, f"{where} is {kind}, and {expected} in the form: {HOW}"
