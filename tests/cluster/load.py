"""People who write and read without pause, and what each of their devices has to have at the end."""

import random
from collections import Counter
from collections.abc import Sequence

import psycopg

from tests.cluster.devices import Device, SocketWriter, Writer, entry_of, whole_log
from tests.cluster.support import Doors, Processes
from tests.support import Person, until
from tests.ws.v2_client import Frame, contents

PEOPLE = "alice", "bobby", "carol", "david"


class Load:
    """People with a writer and two devices each; half of them write over a socket."""

    def __init__(
        self, processes: Processes, *, doors: Doors | None = None, names: Sequence[str] = PEOPLE, pause: float = 0
    ) -> None:
        """Create people whom ``async with`` registers.

        :param doors: where they come in, if that is not at the processes themselves.
        :param names: of the people; each writes to the next.
        :param pause: how long each waits between two messages, in seconds.
        """
        self.processes = processes
        self.dice = random.Random(1)
        self.people: list[Person] = []
        self.writers: list[Writer] = []
        self.devices: dict[str, list[Device]] = {}
        self._doors = doors or processes
        self._names = names
        self._pause = pause

    async def __aenter__(self) -> "Load":
        self.people = await self.processes.people(*self._names)
        for person, to in zip(self.people, self.people[1:] + self.people[:1], strict=True):
            self.devices[person.username] = [Device(self._doors, person, self.dice) for _ in range(2)]
            writer = Writer if len(self.writers) % 2 else SocketWriter
            self.writers.append(writer(self._doors, person, to, self.dice, pause=self._pause))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for writer in self.writers:
            writer.abandon()
        for devices in self.devices.values():
            for device in devices:
                await device.stop()

    @property
    def acked(self) -> int:
        """How many messages are acknowledged."""
        return sum(len(each.acked) for each in self.writers)

    @property
    def resyncs(self) -> list[int]:
        """How many times each device was told to load everything again."""
        return [device.resyncs for devices in self.devices.values() for device in devices]

    async def goes_on(self, count: int = 20) -> None:
        """Wait until more is acknowledged."""
        wanted = self.acked + count
        await until(lambda: self.acked >= wanted)

    async def end(self) -> None:
        """Stop writing, and see that each device has the log, and the log what was acknowledged."""
        assert await self.lost() == {}

    async def lost(self) -> dict[str, int]:
        """Stop writing, and see that each device and each process has the log, and that nothing is in it twice.

        :returns: the messages that were acknowledged and are not in the log, with the ids they had.
        """
        for writer in self.writers:
            await writer.stop()
        logs = {person.username: await whole_log(self.processes.at(0, person)) for person in self.people}
        for person in self.people:
            for device in self.devices[person.username]:
                await _compare(device, logs[person.username])
            for other in self.processes.everywhere(person)[1:]:
                assert await whole_log(other) == logs[person.username]
        _compare_stored(self.processes.url, [*logs.values()])
        ids = {event["data"]["content"]: event["seq"] for log in logs.values() for event in log if contents([event])}
        said = Counter(text for log in logs.values() for text in contents(log))
        lost = {}
        for writer in self.writers:
            for text, message_id in writer.acked.items():
                if text in ids:
                    assert said[text] == 2, text  # the sender's log and the receiver's
                    assert ids[text] == message_id
                else:
                    lost[text] = message_id
        return lost


async def _compare(device: Device, log: list[Frame]) -> None:
    await until(lambda: device.cursor >= log[-1]["seq"])
    await device.stop()
    assert device.record == [entry_of(each) for each in log]


def _compare_stored(url: str, logs: list[list[Frame]]) -> None:
    """See that what all people have is what the database has."""
    told = {event["seq"]: text for log in logs for event in log for text in contents([event])}
    with psycopg.connect(url, autocommit=True) as db:
        assert dict(db.execute("SELECT id, content FROM messages").fetchall()) == told
