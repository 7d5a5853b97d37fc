"""``python -m bench``: what chatd costs, alone and beside its peers."""

import argparse
import sys
from collections.abc import Sequence

from bench import try_one
from bench.generator import BenchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure chatd.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    try_one.add_parsers(commands)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
