"""What is written about the settings is what the settings say of themselves."""

import tomllib
from pathlib import Path

import pytest

from chatd import config
from chatd.config import Setting, to_toml

ROOT = Path(__file__).resolve().parent.parent

by_name = pytest.mark.parametrize("setting", config.settings(), ids=lambda setting: f"{setting.section}.{setting.name}")


def test_the_example_has_every_setting_at_its_default_and_nothing_else() -> None:
    defaults: dict[str, dict[str, object]] = {section: {} for section in config.SECTIONS}
    for setting in config.settings():
        default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
        defaults[setting.section][setting.name] = default
    example = tomllib.loads((ROOT / "chatd.toml").read_text(encoding="utf-8"))
    assert example == defaults
    assert [(section, list(example[section])) for section in example] == [
        (section, list(defaults[section])) for section in defaults
    ]
    assert example["server"]["data_dir"] == ""


def test_the_example_is_a_configuration_that_changes_nothing() -> None:
    state = {"STATE_DIRECTORY": "/var/lib/chatd"}
    example, none = config.load(ROOT / "chatd.toml", environment=state), config.load(environment=state, search=())
    for section in config.SECTIONS:
        assert getattr(example, section) == getattr(none, section)


@by_name
def test_the_example_explains_every_setting_above_it(setting: Setting) -> None:
    lines = (ROOT / "chatd.toml").read_text(encoding="utf-8").splitlines()
    place = lines.index(f"{setting.name} = {to_toml(setting.default)}", lines.index(f"[{setting.section}]"))
    comment: list[str] = []
    while lines[place - 1].startswith("#"):
        place -= 1
        comment.insert(0, lines[place].removeprefix("#").strip())
    assert " ".join(comment) == setting.text


@by_name
def test_the_manual_has_a_row_for_every_setting(setting: Setting) -> None:
    manual = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    row = f"| `{setting.name}` | `{setting.variable}` | `{to_toml(setting.default)}` | {setting.text} |"
    assert row in manual.splitlines()


def test_the_manual_has_a_row_for_nothing_else() -> None:
    manual = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in manual.splitlines() if line.startswith("| `")]
    assert rows == [f"`{setting.name}`" for setting in config.settings()]


def test_every_setting_explains_itself_in_sentences() -> None:
    for setting in config.settings():
        assert setting.text[0].isupper(), setting.name
        assert setting.text.endswith("."), setting.name
        assert "|" not in setting.text
