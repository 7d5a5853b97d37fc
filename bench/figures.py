"""Figures that were measured, kept in the cache until the report is written."""

import json
import statistics
from collections.abc import Collection
from dataclasses import asdict, dataclass, field

from bench.environment import Others, describe
from bench.generator import BenchError, cache_dir, scratch
from bench.works.work import Figure, Values, Work

#: Above this share of a core, the generator and not the server may be what was measured.
GENERATOR_LIMIT = 0.9

#: Above this share of both cores, what else the machine did shows in the figures.
OTHERS_LIMIT = 0.1


@dataclass
class Measured:
    """All rounds of one work."""

    environment: dict[str, str]
    rounds: dict[str, list[Values]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def values(self, label: str, name: str) -> list[float]:
        """Return a figure of a case, in the order of the rounds."""
        return [values[name] for values in self.rounds.get(label, []) if name in values]

    def median(self, label: str, name: str) -> float | None:
        """Return the median of a figure; None where there is none."""
        values = self.values(label, name)
        return statistics.median(values) if values else None

    def spread(self, label: str, name: str) -> float:
        """Return how far the rounds lie apart, as a part of their median."""
        values = self.values(label, name)
        middle = statistics.median(values)
        return (max(values) - min(values)) / middle if middle else 0.0

    def ratio(self, label: str, other: str, name: str) -> float | None:
        """Return the median of a case as a multiple of another's; None where one is missing."""
        one, two = self.median(label, name), self.median(other, name)
        return None if one is None or not two else one / two

    def most(self, name: str) -> float:
        """Return the most that a share was in any round."""
        return max((each.get(name, 0.0) for rounds in self.rounds.values() for each in rounds), default=0.0)


def load_measured(work: Work) -> Measured | None:
    """Return what was measured of a work the last time, or None."""
    path = cache_dir() / "figures" / f"{work.name}.json"
    return Measured(**json.loads(path.read_text())) if path.exists() else None


def measure(work: Work, rounds: int, without: Collection[str] = ()) -> Measured:
    """Measure a work, round by round, every case in turn, and keep what is found.

    :param without: parts of the labels of cases that are left out.
    :raises BenchError: not one case could be measured.
    """
    measured = Measured(describe())
    cases = []
    for case in work.cases:
        left_out = any(part.lower() in case.label.lower() for part in without)
        reason = "left out" if left_out else case.missing()
        if reason is None:
            cases.append(case)
        else:
            measured.missing[case.label] = reason
            print(f"{work.name}: {case.label}: missing, {reason}", flush=True)
    for number in range(rounds):
        for case in cases if number % 2 == 0 else reversed(cases):  # who comes first is not always the same
            if case.label in measured.missing:
                continue
            others = Others()
            try:
                with scratch() as directory:
                    values = case.measure(directory)
            except BenchError as error:
                measured.missing[case.label] = str(error).strip().splitlines()[0]
                print(f"{work.name}: {case.label}: missing, {error}", flush=True)
                continue
            values["others"] = others.share()
            measured.rounds.setdefault(case.label, []).append(values)
            told = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
            print(f"{work.name} {number + 1}/{rounds}: {case.label}: {told}", flush=True)
        _keep(work, measured)
    if not measured.rounds:
        raise BenchError(f"{work.name}: nothing could be measured")
    if measured.most("generator") > GENERATOR_LIMIT:
        print(f"{work.name}: the generator took {measured.most('generator'):.0%} of its core: it may be the bottleneck")
    if measured.most("others") > OTHERS_LIMIT:
        print(f"{work.name}: others took {measured.most('others'):.0%} of both cores: measure when there are none")
    return measured


def _keep(work: Work, measured: Measured) -> None:
    directory = cache_dir() / "figures"
    directory.mkdir(exist_ok=True)
    (directory / f"{work.name}.json").write_text(json.dumps(asdict(measured), indent=1))


def number(value: float, digits: int) -> str:
    """Return a number as a table has it."""
    return f"{value:,.{digits}f}"


def cell(measured: Measured, label: str, figure: Figure) -> str:
    """Return a median and, in small, how far the rounds lie apart."""
    middle = measured.median(label, figure.name)
    if middle is None:
        return "–"
    text = number(middle, figure.digits)
    if len(measured.values(label, figure.name)) > 1:
        text += f" <sub>±{measured.spread(label, figure.name) / 2:.0%}</sub>"
    return text
