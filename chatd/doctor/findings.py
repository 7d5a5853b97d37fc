"""A finding: the result of one check."""

from dataclasses import dataclass

from chatd.logs import printable


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    about: str
    ok: bool
    #: How things are; if not ok, exactly what to change.
    text: str

    def __str__(self) -> str:
        return printable(f"{'ok' if self.ok else 'change':6}  {self.about}: {self.text}".replace("\n", " "))


def good(about: str, text: str) -> Finding:
    """Return the finding that a thing is as it should be."""
    return Finding(about, True, text)


def change(about: str, text: str) -> Finding:
    """Return the finding that something has to be changed."""
    return Finding(about, False, text)


def mib(size: float) -> str:
    """Return a number of bytes for people."""
    return f"{size / 2**20:,.1f} MiB"
