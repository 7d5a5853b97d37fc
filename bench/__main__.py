"""``python -m bench``: what chatd costs, alone and beside its peers.

``setup`` installs the peers, ``run`` measures one work after another and keeps the figures, ``report`` writes them into
``docs/performance.md``; ``all`` does both. The other commands measure one thing at once, for whoever changes something.
"""

import argparse
import resource
import sys
from collections.abc import Sequence

from bench import groups, try_one
from bench.figures import measure
from bench.generator import BenchError
from bench.report import write_report
from bench.setup import setup
from bench.works import WORKS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure chatd.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    installing = commands.add_parser("setup", help="install the peers")
    installing.add_argument("steps", nargs="*", metavar="STEP", help="debian, python, node; by default all of them")
    installing.set_defaults(run=lambda options: setup(options.steps))
    for name, text in (("run", "measure, and keep the figures"), ("all", "measure everything, and write the report")):
        command = commands.add_parser(name, help=text)
        command.add_argument("works", nargs="*", metavar="WORK", help=", ".join(WORKS))
        command.add_argument("--rounds", type=int, metavar="N", help="how often (a work knows itself)")
        command.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a peer out")
        command.add_argument("--large", action="store_true", help="also what takes ten million messages (2 GB of disk)")
        command.set_defaults(run=_run_all if name == "all" else _run)
    commands.add_parser("report", help="write what was measured into docs/performance.md").set_defaults(run=_report)
    try_one.add_parsers(commands)
    groups.add_parser(commands)
    options = parser.parse_args(arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the peers, which do not ask for more themselves
    try:
        options.run(options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    unknown = set(options.works) - set(WORKS)
    if unknown:
        raise BenchError(f"unknown: {', '.join(sorted(unknown))}")
    for work in WORKS.values():
        if work.name in options.works or (not options.works and (options.large or not work.is_large)):
            measure(work, options.rounds or work.rounds, options.without)


def _run_all(options: argparse.Namespace) -> None:
    _run(options)
    _report(options)


def _report(_: argparse.Namespace) -> None:
    write_report()


if __name__ == "__main__":
    sys.exit(main())
