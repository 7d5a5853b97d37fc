"""The plots of the report, each as PNG and SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Plot

from bench.figures import Measured
from bench.works import WORKS
from bench.works.reads import TITLES

CHATD, PEER, INK, QUIET = "#0b6e4f", "#b9c2c9", "#1f2933", "#6b7780"

#: Names that fit beside a bar.
SHORT = {
    "naive FastAPI + SQLAlchemy": "naive FastAPI",
    "Socket.IO + better-sqlite3": "Socket.IO, durable",
    "Mosquitto (in memory)": "Mosquitto, in memory",
    "Prosody (archive)": "Prosody",
    "ejabberd (archive)": "ejabberd",
    "chatd, chatd.v2 and synced": "chatd, chatd.v2",
}

All = dict[str, Measured]


def draw(found: All, directory: Path) -> None:
    """Draw everything that was measured."""
    mpl.rcParams.update(
        {
            "font.family": "DejaVu Sans",
            "font.size": 9,
            "text.color": INK,
            "axes.labelcolor": QUIET,
            "xtick.color": QUIET,
            "ytick.color": INK,
            "axes.edgecolor": "#d5dbe0",
            "svg.hashsalt": "chatd",
            "svg.fonttype": "path",
        }
    )
    for name, plot in (
        ("messages", _messages(found)),
        ("latency", _latency(found)),
        ("connections", _connections(found)),
        ("reads", _reads(found)),
    ):
        if plot is not None:
            plot.savefig(directory / f"{name}.png", dpi=160)
            plot.savefig(directory / f"{name}.svg", metadata={"Date": None})


def _bars(axes: Any, measured: Measured, labels: Sequence[str], name: str, title: str, form: str) -> None:
    """Draw one figure of some cases as bars, with the range of its rounds."""
    labels = [label for label in labels if measured.values(label, name)]
    for place, label in enumerate(labels):
        values = measured.values(label, name)
        middle = measured.median(label, name) or 0.0
        is_ours = label.startswith("chatd")
        axes.barh(place, middle, color=CHATD if is_ours else PEER, height=0.66)
        if len(values) > 1:
            axes.hlines(place, min(values), max(values), color=INK, linewidth=1)
        axes.annotate(
            form.format(middle),
            (max(values), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold" if is_ours else "normal",
        )
    axes.set_yticks(range(len(labels)), [SHORT.get(label, label) for label in labels])
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold")
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.margins(x=0.22)
    axes.set_xlim(left=0)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def _labels(name: str) -> list[str]:
    return [case.label for case in WORKS[name].cases]


def _panels(found: All, panels: Sequence[tuple[str, str, str, str]], height: float) -> Plot | None:
    """Draw panels side by side: each a work, one of its figures, a title and a form of its numbers."""
    panels = [panel for panel in panels if panel[0] in found]
    if not panels:
        return None
    plot = Plot(figsize=(4.1 * len(panels), height), layout="constrained")
    for number, (work, figure, title, form) in enumerate(panels, 1):
        axes = plot.add_subplot(1, len(panels), number)
        _bars(axes, found[work], _labels(work), figure, title, form)
    return plot


def _messages(found: All) -> Plot | None:
    return _panels(
        found,
        [
            ("rest", "rate", "REST, 50 senders: messages/s", "{:,.0f}"),
            ("socket-50x16", "rate", "socket, 50 senders × 16: messages/s", "{:,.0f}"),
            ("socket-800x1", "rate", "socket, 800 senders × 1: messages/s", "{:,.0f}"),
        ],
        2.6,
    )


def _latency(found: All) -> Plot | None:
    return _panels(
        found,
        [
            ("latency", "p99", "200 messages/s: p99, ms", "{:.1f}"),
            ("latency-idle", "p99", "… beside 1,000 connections: p99, ms", "{:.1f}"),
            ("fanout-1000", "last", "one to 1,000 connections: ms", "{:.1f}"),
        ],
        1.9,
    )


def _connections(found: All) -> Plot | None:
    return _panels(
        found,
        [
            ("memory", "kib_10000", "memory of a connection, of 10,000: KiB", "{:.1f}"),
            ("handshakes", "rate", "handshakes/s", "{:,.0f}"),
            ("start", "mib", "memory at start: MiB", "{:.0f}"),
        ],
        2.4,
    )


def _reads(found: All) -> Plot | None:
    """Draw the time of each read call over the number of messages stored."""
    points: dict[int, dict[str, float]] = {}
    for work in ("reads", "reads-large"):
        for label in found[work].rounds if work in found else ():
            count = int(label.split()[0].replace(",", ""))
            for call in TITLES:
                middle = found[work].median(label, call)
                if middle is not None:
                    points.setdefault(count, {}).setdefault(call, middle)
    if len(points) < 2:
        return None
    counts = sorted(points)
    plot = Plot(figsize=(8.2, 3.6), layout="constrained")
    axes: Any = plot.add_subplot()
    colours = ["#0b6e4f", "#2f6fb0", "#8a5fbf", "#c0662b", "#6b7780", "#b03060", "#8f8a1d"]
    ends = sorted(TITLES, key=lambda call: points[counts[-1]][call])
    lowest, place = 0.0, {}
    for call in ends:  # names stand apart, however close their lines end
        lowest = max(points[counts[-1]][call], lowest * 1.19)
        place[call] = lowest
    for colour, call in zip(colours, TITLES, strict=True):
        axes.plot(counts, [points[count][call] for count in counts], "o-", color=colour, linewidth=1.8, markersize=4)
        axes.annotate(
            TITLES[call],
            (counts[-1], place[call]),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(counts, [f"{count:,}" for count in counts])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    axes.set_xlabel("messages stored")
    axes.set_title("read calls: median, ms", loc="left", fontsize=9.5, fontweight="bold")
    axes.grid(axis="y", color="#e8ecef", linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_xlim(counts[0] * 0.7, counts[-1] * 1.3)
    return plot
