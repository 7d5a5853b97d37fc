"""What a work is: cases that are measured in turn, and the figures that come of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generator import Figures
from bench.servers.chatd import HERE, Chatd, Checkout
from bench.servers.peers import Ejabberd, Mosquitto, Naive, Prosody, SocketIO

#: What is measured, by figure.
Values = dict[str, float]

HERE_AS_IT_IS = Checkout(HERE)
CHATD = Chatd(HERE_AS_IT_IS)
NAIVE = Naive()
SOCKETIO = SocketIO()
MOSQUITTO = Mosquitto()
PROSODY = Prosody()
EJABBERD = Ejabberd()


@dataclass(frozen=True, slots=True)
class Figure:
    """One column of a work's table."""

    name: str
    title: str
    #: How many digits stand after the point.
    digits: int = 0
    is_more_better: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a work's table."""

    label: str
    missing: Callable[[], str | None]
    #: Measures once, in an empty directory.
    measure: Callable[[Path], Values]


@dataclass(frozen=True, slots=True)
class Work:
    """One table: every case is measured once a round, and medians are told."""

    name: str
    title: str
    text: str
    figures: Sequence[Figure]
    cases: Sequence[Case]
    rounds: int = 3
    #: The case that ratios are told against; None where there is nothing to compare.
    against: str | None = None
    #: Whether it is left out unless it is asked for.
    is_large: bool = False


def shares(figures: Figures) -> Values:
    """Return which share of a core both sides took."""
    return {"server": figures["server_cpu"], "generator": figures["generator_cpu"]}
