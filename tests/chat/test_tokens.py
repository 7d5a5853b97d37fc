"""The file of tokens."""

import stat
from pathlib import Path

import pytest

from chatd.chat.tokens import Tokens, default_path

HERE = "http://127.0.0.1:8000"
THERE = "https://chat.example.org"


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "config" / "chatd" / "chat.json")
    tokens.keep(HERE, "ada", "secret")
    for _ in range(2):
        assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(tokens.path.parent.stat().st_mode) == 0o700
        tokens.path.chmod(0o644)
        tokens.keep(HERE, "ada", "another secret")
    assert [path.name for path in tokens.path.parent.iterdir()] == ["chat.json"]


def test_each_user_of_each_server_has_a_token_and_the_last_ones_are_known(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    for url, user in ((HERE, "ada"), (THERE, "ada"), (THERE, "Grace")):
        Tokens(path).keep(url, user, f"{url} {user}")
    tokens = Tokens(path)
    assert tokens.get(HERE, "ada") == f"{HERE} ada"
    assert tokens.get(THERE, "ada") == f"{THERE} ada"
    assert tokens.get(THERE, "grace") == f"{THERE} Grace"
    assert tokens.get(HERE, "grace") is None
    assert (tokens.last_url(), tokens.last_user(THERE), tokens.last_user(HERE)) == (THERE, "Grace", "ada")


def test_a_token_that_is_forgotten_is_not_in_the_file(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "chat.json")
    tokens.keep(HERE, "ada", "secret of ada")
    tokens.keep(HERE, "grace", "secret of grace")
    tokens.forget(HERE, "ada")
    assert "secret of ada" not in tokens.path.read_text()
    assert tokens.get(HERE, "grace") == "secret of grace"


@pytest.mark.parametrize("content", ["", "no JSON", "[1]", '{"servers": 7, "last": 7}'])
def test_a_file_that_is_broken_counts_as_empty(tmp_path: Path, content: str) -> None:
    tokens = Tokens(tmp_path / "chat.json")
    tokens.path.write_text(content)
    assert (tokens.last_url(), tokens.last_user(HERE), tokens.get(HERE, "ada")) == (None, None, None)
    tokens.forget(HERE, "ada")
    tokens.keep(HERE, "ada", "secret")
    assert tokens.get(HERE, "ada") == "secret"


def test_it_is_below_the_configuration_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    assert default_path() == tmp_path / "elsewhere" / "chatd" / "chat.json"
    for useless in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", useless)
        assert default_path() == tmp_path / ".config" / "chatd" / "chat.json"
