"""Where the terminal client keeps its tokens: in one file that nobody else may read, below the user's configuration."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def default_path() -> Path:
    """Return where the file is: below ``$XDG_CONFIG_HOME``, else ``~/.config``."""
    given = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".config") / "chatd" / "chat.json"


class Tokens:
    """The tokens of logins, by server and user, and which of them was the last in use."""

    def __init__(self, path: Path | None = None) -> None:
        """Create a store; nothing is read or written yet."""
        self.path = path or default_path()

    def last_url(self) -> str | None:
        """Return the address of the server that was used last."""
        return _text(self._read().get("last"))

    def last_user(self, url: str) -> str | None:
        """Return the name of the last user of a server."""
        return _text(_dict(_dict(self._read().get("servers")).get(url)).get("last"))

    def get(self, url: str, username: str) -> str | None:
        """Return a user's token, if there is one."""
        server = _dict(_dict(self._read().get("servers")).get(url))
        return _text(_dict(server.get("tokens")).get(username.casefold()))

    def keep(self, url: str, username: str, token: str) -> None:
        """Keep a user's token; it is the last in use now."""
        data = self._read()
        servers = data["servers"] = _dict(data.get("servers"))
        server = servers[url] = _dict(servers.get(url))
        server["tokens"] = {**_dict(server.get("tokens")), username.casefold(): token}
        server["last"] = username
        data["last"] = url
        self._write(data)

    def forget(self, url: str, username: str) -> None:
        """Forget a user's token."""
        data = self._read()
        tokens = _dict(_dict(_dict(data.get("servers")).get(url)).get("tokens"))
        if tokens.pop(username.casefold(), None) is not None:
            self._write(data)

    def _read(self) -> dict[str, Any]:
        try:
            return _dict(json.loads(self.path.read_bytes()))
        except (FileNotFoundError, ValueError):
            return {}

    def _write(self, data: dict[str, Any]) -> None:
        """Replace the file as a whole, by one that was never readable to others."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".chat", dir=self.path.parent)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
            Path(name).replace(self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
