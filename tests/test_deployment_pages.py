"""What docs/deploy.md and docs/operation.md have one type is what the program, its unit and its settings know."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from chatd import config
from chatd.cli import _parser
from chatd.data_dir import KEY_CREDENTIAL
from chatd.storage.engine.sqlite.backup import MARKER_FILE

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
DEPLOY, OPERATION = ((DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("deploy", "operation"))
UNIT = (ROOT / "systemd" / "chatd.service").read_text(encoding="utf-8")
PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGES = sorted([ROOT / "README.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")])

pages = pytest.mark.parametrize("page", [DEPLOY, OPERATION], ids=["deploy", "operation"])


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """Return what a page has one type, a command each, whatever lines it takes."""
    scripts = "".join(re.sub(r"<<'END'\n.*?^END$", "", each, flags=re.M | re.S) for each in blocks(page, "sh"))
    return [line for line in scripts.replace("\\\n", "").splitlines() if line]


def arguments(line: str) -> list[str]:
    """Return the arguments that a line gives ``chatd``, as far as the next pipe."""
    words = shlex.split(line.split(" | ")[0].split(" < ")[0])
    return words[words.index("/opt/chatd/bin/chatd") + 1 :]


def of_the_service(page: str) -> list[str]:
    return [line for line in commands(page) if "/opt/chatd/bin/chatd " in line]


@pages
def test_every_command_is_one_and_names_the_services_configuration(page: str) -> None:
    lines = of_the_service(page)
    assert len(lines) >= 4
    for line in lines:
        options = _parser().parse(arguments(line))
        assert options.config == Path("/etc/chatd/chatd.toml"), line


def test_the_commands_of_a_container_are_commands() -> None:
    (image,) = blocks(DEPLOY, "dockerfile")
    (default,) = re.findall(r"^CMD (\[.*\])$", image, re.MULTILINE)
    serve = _parser().parse(tomllib.loads(f"cmd = {default}")["cmd"])
    assert (serve.host, serve.data_dir) == (["0.0.0.0"], "/data")
    (inside,) = [line for line in commands(DEPLOY) if line.startswith("docker exec")]
    assert _parser().parse(shlex.split(inside)[5:]).data_dir == "/data"
    variables = {setting.variable for setting in config.settings()}
    assert set(re.findall(r"\bCHATD_[A-Z_]+", DEPLOY)) <= variables


@pages
def test_every_setting_shown_is_one(page: str, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(page, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        config.load(file, environment={})


def test_the_copy_of_the_example_becomes_what_the_page_says(tmp_path: Path) -> None:
    (edit,) = [line for line in commands(DEPLOY) if " sed " in line]
    copy = tmp_path / "chatd.toml"
    copy.write_text((ROOT / "chatd.toml").read_text(encoding="utf-8"))
    words = [str(copy) if word == "/etc/chatd/chatd.toml" else word for word in shlex.split(edit) if word != "sudo"]
    subprocess.run(words, check=True)
    found, untouched = config.load(copy, environment={}), config.load(environment={}, search=())
    assert found.server.data_dir == "/var/lib/chatd"
    assert found.server.trusted_proxies == ("127.0.0.1", "::1")
    assert found.accounts.registration == "invite"
    assert (found.server.host, found.server.port) == (untouched.server.host, untouched.server.port)


def test_what_is_copied_from_the_package_is_in_it_and_goes_where_the_unit_expects_it() -> None:
    shared = PACKAGE["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"].values()
    assert {f"/opt/chatd/{each}" for each in shared} == set(re.findall(r"/opt/chatd/share/chatd/[\w.@]+", DEPLOY))
    assert "ExecStart=/opt/chatd/bin/chatd serve" in UNIT
    assert "StateDirectory=chatd\n" in UNIT
    credentials = set(re.findall(r"^#LoadCredential=(\w+):(/etc/chatd/[\w.]+)$", UNIT, re.MULTILINE))
    files = dict(credentials)
    for name in ("tls_cert", "tls_key", KEY_CREDENTIAL):
        assert files[name] in DEPLOY
    assert files["metrics_token"] in OPERATION
    for line in re.findall(r"^#(?:StateDirectory|AmbientCapabilities)=.*$", UNIT, re.MULTILINE):
        assert "chatd-backups" in line or "CAP_NET_BIND_SERVICE" in line


def test_the_unit_of_several_processes_is_that_of_one_but_for_what_each_has_of_its_own() -> None:
    several = (ROOT / "systemd" / "chatd@.service").read_text(encoding="utf-8")

    def lines(unit: str) -> set[str]:
        return {line for line in unit.splitlines() if line and not line.startswith("# ")}

    assert lines(several) - lines(UNIT) == {
        "Description=chatd, a chat server: the process on port %i",
        "ExecStart=/opt/chatd/bin/chatd serve --port %i --data-dir %S/chatd-%i",
        "StateDirectory=chatd-%i",
        "LoadCredential=database_url:/etc/chatd/database_url",
        "#Environment=CHATD_METRICS_PORT=1%i",
    }
    assert {each.partition("=")[0] for each in lines(UNIT) - lines(several)} == {
        "Description",
        "ExecStart",
        "StateDirectory",
        "#StateDirectory",
        "#LoadCredential",
    }


def test_a_newcomer_comes_to_each_step_before_it_is_needed() -> None:
    steps = [
        "`A` record",
        "apt-get install -y git python3-venv",
        "\ngit clone ",
        "bin/pip install .",
        "/etc/chatd/chatd.toml\n",
        "systemctl daemon-reload",
        "systemctl enable --now chatd",
        "chatd user add alice",
        "## TLS by a reverse proxy",
        "/etc/caddy/Caddyfile",
        "certbot certonly --webroot",
        "/etc/nginx/conf.d/chatd.conf",
        "nginx -t",
        "chatd doctor",
        "## In a local network",
        "## In a container",
        "## Upgrade",
        "git pull",
        "pip install --upgrade .",
        "## Uninstall",
    ]
    places = [DEPLOY.find(step) for step in steps]
    assert -1 not in places, steps[places.index(-1)]
    assert places == sorted(places)


def test_going_back_needs_nothing_but_what_the_upgrade_wrote_down(tmp_path: Path) -> None:
    (before,) = [line for line in commands(DEPLOY) if "rev-parse" in line]
    (back,) = [line for line in commands(DEPLOY) if line.startswith("git checkout")]
    script = f"""
        git init -q . && git config user.name x && git config user.email x@example.org
        git commit -q --allow-empty -m one && {before}
        git commit -q --allow-empty -m two && {back}
        git log -1 --format=%s && git switch -q - && git log -1 --format=%s
    """.replace("sudo ", "").replace("/opt/chatd/previous", str(tmp_path / "previous"))
    (tmp_path / "copy").mkdir()
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path / "copy", check=True, capture_output=True, text=True)
    assert done.stdout.split()[-2:] == ["one", "two"]


def test_fetching_the_backups_leaves_the_copies_there_are(tmp_path: Path) -> None:
    fetch, prune = commands(OPERATION)[:2]
    assert shlex.split(fetch)[0] == "rsync"
    assert not [word for word in shlex.split(fetch) if word.startswith(("--del", "--remove"))]
    assert "/var/lib/private/chatd/backups/chatd-*.db" in fetch
    for day in range(1, 71):
        (tmp_path / f"chatd-2026{day // 28 + 1:02}{day % 28 + 1:02}T120000Z.db").touch()
    names = sorted(path.name for path in tmp_path.iterdir())
    for _ in range(2):
        subprocess.run(["sh", "-ec", prune.replace("/srv/chatd-backups", str(tmp_path))], check=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == names[-60:]
    assert MARKER_FILE not in fetch


def slug(heading: str) -> str:
    """Return what a heading is found by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_link_between_the_pages_leads_somewhere() -> None:
    broken = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
            name, _, anchor = target.partition("#")
            path = (page.parent / name) if name else page
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M) if path.suffix == ".md" else []
            if not path.exists() or (anchor and anchor not in map(slug, headings)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
