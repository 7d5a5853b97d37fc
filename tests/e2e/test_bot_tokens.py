"""The tokens of bots: made by command, shown once, and replaced when they are lost."""

import asyncio
from pathlib import Path

import pytest

from chatd.client import Client, SessionEnded
from tests.process import ServerProcess, chatd, client_of, refusal
from tests.support import PASSWORD, PATIENCE, register


def made(data_dir: Path, *arguments: str) -> tuple[str, str]:
    """Run a command that makes a token; return the token, and what is said beside its line."""
    done = chatd(data_dir, "user", *arguments)
    assert done.returncode == 0, done.stderr
    number, name, token = done.stdout.split()
    assert (number.isdigit(), name) == (True, "parrot")
    assert token not in done.stderr
    return token, done.stderr


async def test_a_new_token_takes_the_place_of_the_old_ones_at_once(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with ServerProcess(data_dir) as server:
        lost, said = made(data_dir, "add", "parrot", "--bot")
        assert "CHAT_TOKEN" in said
        assert "chatd user token" in said
        async with Client(server.url, token=lost) as client:
            token, said = made(data_dir, "token", "Parrot", "--days", "2")
            assert "the sessions of older ones have ended" in said
            with pytest.raises(SessionEnded):
                await asyncio.wait_for(client.wait_ended(), PATIENCE)
        async with Client(server.url, token=token) as client:
            assert (client.myself.username, client.myself.is_ai) == ("parrot", True)
            [session] = await client.sessions()
            assert session.is_current


def test_a_person_has_no_token_to_be_made_and_a_bot_no_password(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    made(data_dir, "add", "parrot", "--bot")
    chatd(data_dir, "user", "add", "ada", "--password-stdin", stdin=f"{PASSWORD}\n")
    line = refusal(data_dir, "user", "token", "ada")
    assert line == "ada is a person, who signs in with a password: `chatd user password ada` sets a new password"
    line = refusal(data_dir, "user", "password", "parrot", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert line == "parrot is a bot, which has no password: `chatd user token parrot` makes it a new token"
    assert refusal(data_dir, "user", "token", "nobody") == "There is no user called nobody."
    assert refusal(data_dir, "user", "token", "parrot", "--days", "0").startswith("--days: ")
    chatd(data_dir, "user", "disable", "parrot")
    assert refusal(data_dir, "user", "token", "parrot").startswith("parrot is disabled: ")


async def test_no_token_is_made_by_another_key_than_the_services(tmp_path: Path) -> None:
    data_dir, credentials = tmp_path / "data", tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "signing_key").write_text(64 * "a")
    with ServerProcess(data_dir, CREDENTIALS_DIRECTORY=str(credentials)) as server:
        async with client_of(server) as client:
            await register(client, "ada")
        line = refusal(data_dir, "user", "add", "parrot", "--bot")
        assert line.startswith(f"there is no signing key in {data_dir}, ")
        assert "CREDENTIALS_DIRECTORY" in line
        assert not (data_dir / "signing.key").exists()
        added = chatd(data_dir, "user", "add", "parrot", "--bot", CREDENTIALS_DIRECTORY=str(credentials))
        async with Client(server.url, token=added.stdout.split()[2]) as bot:
            assert bot.myself.username == "parrot"
