"""``chatd config``."""

import argparse
from typing import TYPE_CHECKING

from chatd.cli.location import Use
from chatd.cli.parsing import Commands

if TYPE_CHECKING:
    from chatd.config import Config


def add_to(commands: Commands) -> None:
    """Add the command."""
    commands.add("config", _config, "Print every setting and where its value comes from.", use=Use.NONE)


def _config(settings: "Config", _: argparse.Namespace) -> None:
    from chatd import config
    from chatd.cli.choices import chosen
    from chatd.services.community import SECTION, fixed

    where = fixed(settings)
    choices = {(SECTION[name], name): value for name, value in chosen(settings).items() if name not in where}
    for section in config.SECTIONS:
        print(f"[{section}]")
        for setting in config.settings():
            if setting.section == section:
                value = getattr(getattr(settings, section), setting.name)
                source = settings.sources.get(f"{section}.{setting.name}", "default")
                if (section, setting.name) in choices:
                    source, choice = "chosen in the browser", choices[section, setting.name]
                    value = choice if isinstance(choice, str) else value
                shown = "***" if setting.is_secret and value else value
                print(f"{setting.name} = {config.to_toml(shown)}  # {source}")
        print()
