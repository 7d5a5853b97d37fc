"""Reading the settings: options beat the environment, then credentials, then the file, then the defaults."""

import contextlib
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from chatd.config.listing import Setting, settings
from chatd.config.settings import PREFIX, SECTIONS, Config
from chatd.errors import ConfigurationError

#: The largest number a setting may have, and the smallest but 0: every time computed from one can then be represented.
LARGEST, SMALLEST = 1_000_000_000, 0.000_001

#: Where to look for the file, in this order.
SEARCH = (Path("chatd.toml"), Path("/etc/chatd/chatd.toml"))


def load(
    file: Path | None = None,
    options: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    search: tuple[Path, ...] = SEARCH,
) -> Config:
    """Read the configuration.

    :param file: the file to read; without one, the first of ``search`` that exists.
    :param options: values given on the command line, by ``section.name``; None is "not given".
    :param environment: the environment variables, ``os.environ`` by default.
    :raises ConfigurationError: one line that names everything wrong.
    """
    environment = os.environ if environment is None else environment
    files = [file] if file is not None else [candidate for candidate in search if _is_there(candidate)]
    found = _Found()
    if files:
        found.take_file(files[0])
    if credentials := environment.get("CREDENTIALS_DIRECTORY"):
        found.take_credentials(Path(credentials))
    found.take_environment(environment)
    found.take_options(options or {})
    return found.config(environment, _warning_of(files))


class _Found:
    """The values that were given, where they came from, and what is wrong with them."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
        self._sources: dict[str, str] = {}
        self._problems: list[str] = []

    def take_file(self, path: Path) -> None:
        """Take the values of a file."""
        content = _read(path)
        before = len(self._problems)
        self._problems += [f"[{name}] is not a section" for name in content if name not in SECTIONS]
        for section in (name for name in content if name in SECTIONS):
            if not isinstance(content[section], dict):
                self._problems.append(f"{section} must be a section: [{section}]")
                content[section] = {}
            names = {setting.name for setting in settings() if setting.section == section}
            unknown = [name for name in content[section] if name not in names]
            self._problems += [f"[{section}] {name} is not a setting" for name in unknown]
        for setting in settings():
            given = content.get(setting.section, {})
            if setting.name in given:
                self._take(setting, given[setting.name], str(path), f"[{setting.section}] {setting.name}")
        if len(self._problems) > before:
            self._problems[before] = f"{path}: {self._problems[before]}"

    def take_credentials(self, directory: Path) -> None:
        """Take systemd's credentials: a secret setting may be one, named ``<section>_<name>``."""
        for setting in settings():
            path = directory / setting.credential
            if setting.is_secret and _is_there(path):
                try:
                    value = path.read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as error:
                    self._problems.append(f"the credential {path} cannot be read: {error}")
                    continue
                if value:
                    self._take(setting, value, f"credential {setting.credential}", f"the credential {path}")
                else:
                    self._problems.append(f"the credential {path} is empty")

    def take_environment(self, environment: Mapping[str, str]) -> None:
        """Take the values of environment variables."""
        for setting in settings():
            if setting.variable in environment:
                value = _from_text(setting, environment[setting.variable])
                self._take(setting, value, setting.variable, setting.variable)

    def take_options(self, options: Mapping[str, Any]) -> None:
        """Take the values of command-line options."""
        for setting in settings():
            option = options.get(f"{setting.section}.{setting.name}")
            name = f"--{setting.name.replace('_', '-')}"
            if option == "":
                self._problems.append(f"{name}: must not be empty")
            elif option is not None:
                self._take(setting, option, "command line", name)

    def config(self, environment: Mapping[str, str], file_warning: str) -> Config:
        """Return the configuration.

        :param file_warning: a warning about the files; empty if there is none.
        :raises ConfigurationError: one line that names everything wrong.
        """
        server = self._values["server"]
        if bool(server.get("tls_cert")) != bool(server.get("tls_key")):
            self._problems.append("[server] tls_cert and tls_key: one is set without the other")
        if self._problems:
            raise ConfigurationError("; ".join(self._problems))
        if not server.get("data_dir"):
            server["data_dir"], self._sources["server.data_dir"] = _default_data_dir(environment)
        self._find_homes()
        variables = {setting.variable for setting in settings()}
        strays = sorted(name for name in environment if name.startswith(PREFIX) and name not in variables)
        return Config(
            **{section: cls(**self._values[section]) for section, cls in SECTIONS.items()},
            sources=self._sources,
            warnings=tuple(f"the environment variable {name} is not a setting of chatd" for name in strays),
            file_warning=file_warning,
        )

    def _find_homes(self) -> None:
        """Replace a leading ``~`` of a path with a home directory."""
        for setting in settings():
            given = self._values[setting.section].get(setting.name)
            if setting.is_path and given:
                try:
                    self._values[setting.section][setting.name] = str(Path(given).expanduser())
                except RuntimeError as error:
                    name = f"[{setting.section}] {setting.name}"
                    raise ConfigurationError(f"{name}: there is no home directory for {given}") from error

    def _take(self, setting: Setting, value: Any, source: str, name: str) -> None:
        try:
            self._values[setting.section][setting.name] = _checked(setting, value)
            self._sources[f"{setting.section}.{setting.name}"] = source
        except ValueError as error:
            self._problems.append(f"{name}: {error}")


def _is_there(path: Path) -> bool:
    """Report whether something has this name, even if it cannot be read."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _warning_of(files: list[Path]) -> str:
    """Return a warning if the file that is read hides another; empty otherwise."""
    if len(files) < 2:
        return ""
    with contextlib.suppress(OSError):
        if files[0].samefile(files[1]):
            return ""
    read, hidden = (each.absolute() for each in files[:2])
    return f"there are two configuration files: {read} is read and {hidden} is not; choose one with --config"


def _read(path: Path) -> dict[str, Any]:
    """Parse a file. One made on Windows may begin with a byte order mark."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} cannot be read: it is not UTF-8 ({error.reason})") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is no TOMLDecodeError
        raise ConfigurationError(f"{path} cannot be read: {error}") from error


def _default_data_dir(environment: Mapping[str, str]) -> tuple[str, str]:
    if state := environment.get("STATE_DIRECTORY"):
        return state.split(":")[0], "STATE_DIRECTORY"
    data_home = Path(environment.get("XDG_DATA_HOME", ""))
    if data_home.is_absolute():  # its specification has every other ignored
        return str(data_home / "chatd"), "XDG_DATA_HOME"
    return "~/.local/share/chatd", "default"


def _from_text(setting: Setting, text: str) -> Any:
    """Convert an environment variable to its setting's type, or return it as it is, for the check to refuse."""
    kind, bare = setting.kind, text.strip()  # a file of variables from Windows leaves a carriage return
    if setting.is_list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if get_origin(kind) is Literal:
        return bare
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(bare.lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _checked(setting: Setting, value: Any) -> Any:
    """Check a value and return it in its setting's type.

    :raises ValueError: with what is wrong with the value.
    """
    kind, rule = setting.kind, setting.field.metadata
    if setting.is_list:
        if isinstance(value, str) and rule["lone"]:
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError("must be a string or a list of strings" if rule["lone"] else "must be a list of strings")
        value = tuple(value)
    elif get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"must be one of {', '.join(get_args(kind))}")
    elif kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            raise ValueError("must be a number")
        value = float(value)
    elif type(value) is not kind:
        raise ValueError({str: "must be a string", int: "must be a whole number", bool: "must be true or false"}[kind])
    if rule["at_least"] is not None and value < rule["at_least"]:
        raise ValueError(f"must be at least {rule['at_least']}")
    if rule["at_most"] is not None and value > rule["at_most"]:
        raise ValueError(f"must be at most {rule['at_most']}")
    if kind in (int, float) and value > LARGEST:
        raise ValueError(f"must be at most {LARGEST}")
    if kind is float and 0 < value < SMALLEST:
        raise ValueError(f"must be 0 or at least {SMALLEST:f}")
    return value if rule["kept"] is None else rule["kept"](value)
