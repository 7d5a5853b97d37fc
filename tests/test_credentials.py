"""Secret settings as systemd hands them over: by credentials, which no other account and no log sees."""

import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from chatd import config
from chatd.config import Setting
from chatd.data_dir import KEY_CREDENTIAL
from chatd.errors import ConfigurationError
from tests.process import ServerProcess, chatd

UNIT = Path(__file__).resolve().parent.parent / "systemd" / "chatd.service"
SECRETS = [setting for setting in config.settings() if setting.is_secret]
VALUE = "a-secret-of-32-visible-characters"

by_name = pytest.mark.parametrize("setting", SECRETS, ids=lambda setting: f"{setting.section}.{setting.name}")


def load(directory: Path, file: Path | None = None, **environment: str) -> config.Config:
    """Read the settings, with credentials."""
    return config.load(file, environment={"CREDENTIALS_DIRECTORY": str(directory), **environment}, search=())


def value_of(settings: config.Config, setting: Setting) -> object:
    return getattr(getattr(settings, setting.section), setting.name)


def good(setting: Setting, secret: str) -> str:
    """Return a value that a setting takes, with a secret in it."""
    return f"postgresql://chatd:{secret}@localhost/chatd" if setting.section == "database" else secret


@by_name
@pytest.mark.parametrize("around", ["%s", "%s\n", " %s\r\n"])
def test_every_secret_setting_may_be_a_credential(tmp_path: Path, setting: Setting, around: str) -> None:
    (tmp_path / setting.credential).write_text(around % good(setting, VALUE))
    found = load(tmp_path)
    assert value_of(found, setting) == good(setting, VALUE)
    assert found.sources[f"{setting.section}.{setting.name}"] == f"credential {setting.credential}"
    assert VALUE not in repr(found)


@by_name
def test_a_credential_beats_the_file_and_the_environment_beats_it(tmp_path: Path, setting: Setting) -> None:
    file = tmp_path / "chatd.toml"
    theirs, kept, ours = (good(setting, f"a-secret-of-the-{where}") for where in ("file", "unit", "environment"))
    file.write_text(f'[{setting.section}]\n{setting.name} = "{theirs}"')
    assert value_of(load(tmp_path, file), setting) == theirs
    (tmp_path / setting.credential).write_text(kept)
    assert value_of(load(tmp_path, file), setting) == kept
    assert value_of(load(tmp_path, file, **{setting.variable: ours}), setting) == ours


@by_name
@pytest.mark.parametrize("content", [b"", b"\n", b"sh0rt", b"\xff\xfe", b"two words of a secret", None])
def test_a_credential_that_is_no_good_is_named_and_not_shown(
    tmp_path: Path, setting: Setting, content: bytes | None
) -> None:
    path = tmp_path / setting.credential
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as refusal:
        load(tmp_path)
    said = str(refusal.value)
    assert f"the credential {path}" in said
    for word in ("sh0rt", "two words", "\n"):
        assert word not in said


def test_what_is_no_secret_comes_by_no_credential(tmp_path: Path) -> None:
    (tmp_path / "server_port").write_text("1")
    assert load(tmp_path).server.port != 1


def test_the_unit_has_a_line_for_every_credential_there_is() -> None:
    lines = re.findall(r"^#LoadCredential=(\w+):/etc/chatd/\w+", UNIT.read_text(), re.MULTILINE)
    assert {KEY_CREDENTIAL, *(setting.credential for setting in SECRETS)} == set(lines) - {"tls_cert", "tls_key"}


async def test_who_has_the_token_of_the_credential_reads_the_metrics(tmp_path: Path) -> None:
    (tmp_path / "metrics_token").write_text(f"{VALUE}\n")
    with ServerProcess(tmp_path / "data", CREDENTIALS_DIRECTORY=str(tmp_path)) as server:
        async with ClientSession(server.url) as http:
            for token, status in ((VALUE, 200), ("another", 401)):
                async with http.get("/metrics", headers={"Authorization": f"Bearer {token}"}) as response:
                    assert response.status == status
    shown = chatd(tmp_path / "data", "config", CREDENTIALS_DIRECTORY=str(tmp_path)).stdout
    assert 'token = "***"  # credential metrics_token' in shown
