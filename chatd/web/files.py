"""The built web client: every file of it is read once, so that no request's path ever reaches the file system."""

import gzip
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatd.web.negotiation import IDENTITY, SUFFIXES

#: Where the build puts the web client: inside the package.
STATIC = Path(__file__).resolve().parent.parent / "static"

#: Where a build leaves what has a hash of its content in its name.
HASHED = "assets/"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

#: What a page is made of.
_PARTS = (".css", ".js", ".woff2")


@dataclass(frozen=True, slots=True)
class File:
    """One file of the web client, in every coding it may be sent in."""

    content_type: str
    cache_control: str
    #: Whether it is a script, a style or a font of a page: never opened by itself, nor run as a worker.
    is_part: bool
    digest: str
    codings: Mapping[str, bytes]

    def tag(self, coding: str) -> str:
        """Return the value of the ETag of one coding: other bytes, another tag."""
        return self.digest if coding == IDENTITY else f"{self.digest}-{coding}"


def make(name: str, content: bytes, compressed: Mapping[str, bytes] | None = None) -> File:
    """Return a file.

    :param name: its path below the root of the web client.
    :param compressed: the same content in other codings.
    """
    suffix = Path(name).suffix
    return File(
        content_type=_TYPES.get(suffix, "application/octet-stream"),
        cache_control="public, max-age=31536000, immutable" if name.startswith(HASHED) else "no-cache",
        is_part=name.startswith(HASHED) and suffix in _PARTS,
        digest=hashlib.sha256(content).hexdigest()[:32],
        codings={IDENTITY: content, **(compressed or {})},
    )


#: What the built client calls the community, where its files do.
_BUILT_NAME = "chatd"

MANIFEST = "manifest.webmanifest"


def named(built: Mapping[str, File], name: str) -> dict[str, File]:
    """Return those files of the built client that name the community, with its name: the page and the manifest."""
    if name == _BUILT_NAME:
        return {}
    changed = {}
    page = built["index.html"].codings[IDENTITY].decode()
    changed["index.html"] = page.replace(f"<title>{_BUILT_NAME}</title>", f"<title>{html.escape(name)}</title>")
    if MANIFEST in built:
        manifest = json.loads(built[MANIFEST].codings[IDENTITY])
        changed[MANIFEST] = json.dumps({**manifest, "name": name, "short_name": name}, ensure_ascii=False)
    return {
        path: make(path, text.encode(), {"gzip": gzip.compress(text.encode(), mtime=0)})
        for path, text in changed.items()
    }


def load(directory: Path) -> dict[str, File]:
    """Return the files of a built web client by their paths below ``directory``, nothing where it is not built.

    Compressed copies (``.br``, ``.gz``) belong to the file they stand beside. Names that begin with a dot are not for
    the public.
    """
    if not (directory / "index.html").is_file():
        return {}
    contents = {
        name: path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not (name := path.relative_to(directory).as_posix()).startswith(".") and "/." not in name
    }
    copies = {name + suffix: (name, coding) for name in contents for coding, suffix in SUFFIXES.items()}
    compressed: dict[str, dict[str, bytes]] = {}
    for copy, (name, coding) in copies.items():
        if copy in contents:
            compressed.setdefault(name, {})[coding] = contents[copy]
    return {name: make(name, content, compressed.get(name)) for name, content in contents.items() if name not in copies}
