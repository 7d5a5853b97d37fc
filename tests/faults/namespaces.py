"""Network namespaces: machines of their own, as far as addresses and ports go, on lines that can be bad or cut."""

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator

_numbers = itertools.count(os.getpid() % 200)


class Card:
    """A pair of virtual cards between this machine and a namespace: a line that can be cut."""

    def __init__(self, outside: str, inside: str, network: str, namespace: str) -> None:
        """Make the pair.

        :param outside: the name of the card here.
        :param inside: the name of the card there.
        :param network: the first three numbers of both addresses.
        """
        self._outside = outside
        #: The addresses at both ends.
        self.here, self.there = f"{network}.1", f"{network}.2"
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", namespace)
        run("ip", "addr", "add", f"{self.here}/24", "dev", outside)
        run("ip", "-n", namespace, "addr", "add", f"{self.there}/24", "dev", inside)
        run("ip", "-n", namespace, "link", "set", inside, "up")
        self.heal()

    def cut(self) -> None:
        """Let nothing through, and tell nobody within."""
        run("ip", "link", "set", self._outside, "down")

    def heal(self) -> None:
        """Let everything through."""
        run("ip", "link", "set", self._outside, "up")

    def can_be_bad(self) -> bool:
        """Report whether this kernel can delay and lose packets."""
        can = _succeeds(*self._bad())
        self.mend()
        return can

    def spoil(self) -> None:
        """Delay packets and lose some."""
        run(*self._bad())

    def mend(self) -> None:
        """Delay and lose nothing."""
        _succeeds("tc", "qdisc", "del", "dev", self._outside, "root")

    def _bad(self) -> tuple[str, ...]:
        quality = ("netem", "delay", "40ms", "10ms", "loss", "5%")
        return "tc", "qdisc", "add", "dev", self._outside, "root", *quality


class Namespace:
    """A network namespace: a machine of its own, as far as addresses and ports go."""

    def __init__(self) -> None:
        """Make it, without any card but its loopback."""
        self.name = _name(next(_numbers))
        run("ip", "netns", "add", self.name)
        run("ip", "-n", self.name, "link", "set", "lo", "up")

    @property
    def within(self) -> tuple[str, ...]:
        """The command that runs another one in it."""
        return "ip", "netns", "exec", self.name

    def card(self) -> Card:
        """Connect it to this machine, once more each time."""
        number = next(_numbers)
        taken = subprocess.run(("ip", "-4", "addr"), check=True, capture_output=True, text=True).stdout
        network = next(each for n in itertools.count(number) if f"{(each := f'10.213.{n % 250}')}." not in taken)
        return Card(_name(number), f"inside{number}", network, self.name)

    def remove(self) -> None:
        """Remove it, and all its cards."""
        run("ip", "netns", "del", self.name)


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """Make a namespace, and remove it at the end."""
    made = Namespace()
    try:
        yield made
    finally:
        made.remove()


def _name(number: int) -> str:
    """Return a name for a namespace and for its card, which may have 15 characters."""
    return f"chatd{os.getpid() % 10**6}x{number % 1000}"


def can_make_namespaces() -> bool:
    """Report whether this process may."""
    name = _name(next(_numbers))
    if not _succeeds("ip", "netns", "add", name):
        return False
    try:
        return _succeeds("ip", "link", "add", name, "type", "veth", "peer", "name", "inside", "netns", name)
    finally:
        run("ip", "netns", "del", name)


def run(*command: str) -> None:
    """Run a command, which must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
