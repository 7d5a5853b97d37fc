"""Every work that is measured, by its name."""

from bench.works import batches, connections, logins, messages, reads, starting
from bench.works.work import Work

WORKS: dict[str, Work] = {
    work.name: work
    for works in (messages.WORKS, batches.WORKS, connections.WORKS, reads.WORKS, starting.WORKS, logins.WORKS)
    for work in works
}
