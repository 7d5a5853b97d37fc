"""A PostgreSQL and its standby, which takes over."""

from tests.postgresql import Cluster, Standby, wait_for

#: Processes die here and no machine does: what was written stays.
_SETTINGS = {"fsync": "off", "wal_retrieve_retry_interval": "100ms"}


class Pair:
    """A primary, its standby, and a URL that names both."""

    def __init__(self, ports: tuple[int, int] | None = None) -> None:
        """Create a pair that :meth:`start` starts.

        :param ports: also listen at these, on every address of this machine, to whoever asks.
        """
        self.ports = ports or (5432, 5432)
        more = [{} if ports is None else {"listen_addresses": "*", "port": str(port)} for port in self.ports]
        self.primary = Cluster({**_SETTINGS, **more[0]})
        self.standby = Standby(self.primary, {**_SETTINGS, **more[1]})
        self.url = ""

    def start(self) -> None:
        """Start both; the primary does not wait for its standby yet."""
        self.primary.make()
        with (self.primary.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all trust\n")
        self.primary.start()
        self.name = self.primary.database().removeprefix("postgresql:///").partition("?")[0]
        self.standby.start()
        self.url = self.url_at(str(self.primary.directory), str(self.standby.directory))
        self._wait_until("sync_state = 'async' AND state = 'streaming'")

    def url_at(self, primary: str, standby: str) -> str:
        """Return the URL of the database at two hosts: addresses, or directories of sockets."""
        ports = ",".join(map(str, self.ports))
        return f"postgresql:///{self.name}?host={primary},{standby}&port={ports}&user=postgres&target_session_attrs=read-write"

    def require_both(self) -> None:
        """Let each commit wait until the standby has it."""
        with self.primary.connection() as db:
            db.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
            db.execute("SELECT pg_reload_conf()")
        self._wait_until("sync_state = 'quorum'")

    def part(self) -> None:
        """Let the standby have all that there is now, and nothing that comes later."""
        self._wait_until("flush_lsn >= pg_current_wal_lsn()")
        self.standby.cut()

    def cancel_wait(self) -> None:
        """Let a commit wait for the standby no longer."""
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        with self.primary.connection() as db:
            wait_for(db, f"SELECT pg_cancel_backend(pid) {waiting}")

    def fail_over(self) -> None:
        """Let the primary die, and the standby take over."""
        self.primary.kill()
        self.standby.promote()

    def switch_over(self) -> None:
        """Let the primary take no writes any more, and its standby take over; no connection ends by that."""
        with self.primary.connection() as db:
            db.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            db.execute("SELECT pg_reload_conf()")
        self._wait_until("flush_lsn >= pg_current_wal_lsn()")
        self.standby.promote()

    def remove(self) -> None:
        """End both."""
        self.standby.remove()
        self.primary.remove()

    def _wait_until(self, state: str) -> None:
        with self.primary.connection() as db:
            wait_for(db, f"SELECT 1 FROM pg_stat_replication WHERE {state}")
