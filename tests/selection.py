"""Which tests run, and how they share several processes.

Where nothing is named, ``pytest`` runs the quick tests, which cover most changes, in as many processes as there are
cores. ``pytest --all`` runs every test, ``pytest tests/web`` those of a directory, ``pytest -m browser`` those with a
mark: in one process, unless ``-n`` gives a number.
"""

from pathlib import Path

import pytest

MEANINGS = {
    "browser": "drives Chromium",
    "postgresql": "runs a second time, on PostgreSQL",
    "faults": "kills, starves or damages a server",
    "slow": "starts programs, tries hundreds of examples, or waits",
}

#: The marks of the directories and files whose tests are not among the quick ones.
MARKS = {
    "api/test_names_of_people.py": "slow",
    "api/test_pictures.py": "slow",
    "attackers": "slow",
    "bench": "slow",
    "chat": "slow",
    "client": "slow",
    "cluster/test_all_faults.py": "faults",
    "cluster/test_authorization.py": "slow",
    "cluster/test_dialects.py": "slow",
    "cluster/test_failover.py": "faults",
    "cluster/test_faults.py": "faults",
    "cluster/test_frozen.py": "faults",
    "cluster/test_one_order.py": "slow",
    "cluster/test_groups.py": "slow",
    "cluster/test_outages.py": "faults",
    "cluster/test_together.py": "slow",
    "cluster/test_upgrade.py": "slow",
    "cluster/test_without_measures.py": "faults",
    "doctor": "slow",
    "e2e": "slow",
    "faults": "faults",
    "http": "slow",
    "metrics/test_monitoring.py": "slow",
    "services/test_blocked_views.py": "slow",
    "services/test_moderation.py": "slow",
    "services/test_posting.py": "slow",
    "services/test_stays.py": "slow",
    "services/test_v2_counts.py": "slow",
    "storage/postgresql": "postgresql",
    "storage/test_migrate_together.py": "slow",
    "test_build_hook.py": "slow",
    "web": "browser",
}

QUICK = " and ".join(f"not {mark}" for mark in MEANINGS)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--all``."""
    parser.addoption("--all", action="store_true", help="run every test, those in a browser and with faults included")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Select the quick tests where nothing else was asked for, before xdist starts its processes.

    Each of those comes here as well, with the same arguments.
    """
    option = config.option
    is_worker = hasattr(config, "workerinput")
    nothing_named = config.args_source is not pytest.Config.ArgsSource.ARGS
    if nothing_named and not (option.all or option.markexpr or option.keyword):
        option.markexpr = QUICK
        if not is_worker and config.getoption("numprocesses", 0) is None and not option.collectonly:
            option.numprocesses = "auto"
    if not is_worker and config.getoption("numprocesses", None) and option.dist == "no":
        option.dist = "loadfile"  # a file's tests in one process: they may share a server
        option.loadscopereorder = False  # or xdist keeps the files with few tests, and the longest of them, for the end


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks."""
    for mark, meaning in MEANINGS.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what is left out."""
    return True if config.option.markexpr == QUICK and mark_of(collection_path, config) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests, and put the quick ones last: several processes then end at about the same time."""
    for item in items:
        if mark := mark_of(item.path, config):
            item.add_marker(mark)
    items.sort(key=lambda item: mark_of(item.path, config) is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, so that a green run is not taken for all of it."""
    if config.option.markexpr == QUICK:
        terminalreporter.line(f"Left out: the tests marked {', '.join(MEANINGS)}. `pytest --all` runs every test.")


def mark_of(path: Path, config: pytest.Config) -> str | None:
    """Return the mark of a file or a directory; None where its tests are quick."""
    home = config.rootpath / "tests"
    return next((mark for name, mark in MARKS.items() if path.is_relative_to(home / name)), None)
