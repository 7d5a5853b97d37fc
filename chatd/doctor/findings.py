"""One thing that was looked at."""

from dataclasses import dataclass

from chatd.logs import printable


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing."""

    about: str
    ok: bool
    #: How it is; where it is not ok, what exactly to change.
    text: str

    def __str__(self) -> str:
        return printable(f"{'ok' if self.ok else 'change':6}  {self.about}: {self.text}".replace("\n", " "))


def good(about: str, text: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(about, True, text)


def change(about: str, text: str) -> Finding:
    """Return what has to be changed about a thing."""
    return Finding(about, False, text)


def mib(size: float) -> str:
    """Return a number of bytes for people."""
    return f"{size / 2**20:,.1f} MiB"
