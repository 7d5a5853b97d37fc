"""Every work that is measured, by its name."""

from bench.works import connections, logins, messages, reads, starting
from bench.works.work import Work

WORKS: dict[str, Work] = {
    work.name: work for work in (*messages.WORKS, *connections.WORKS, *reads.WORKS, *starting.WORKS, *logins.WORKS)
}
