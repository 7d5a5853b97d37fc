"""Every setting: its type, its default, and what it does.

Each is a field of one of the section classes below; its metadata is its documentation. The example ``chatd.toml``,
``docs/configuration.md`` and ``chatd config`` are held to them by tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from chatd.config import values
from chatd.config.declaring import hosts_setting, setting

#: What every environment variable of chatd begins with.
PREFIX = "CHATD_"


_RATE = "Sustained; five seconds' worth may come at once. 0: no limit."


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens, where it keeps its data, and whom it trusts."""

    host: tuple[str, ...] = hosts_setting("The addresses to listen on")
    port: int = setting(8000, "The port to listen on; 0 takes any free one.", at_least=0, at_most=65535)
    data_dir: str = setting(
        "",
        "Where the database and the signing key are. Empty: the state directory systemd gives, "
        "else $XDG_DATA_HOME/chatd, else ~/.local/share/chatd.",
        path=True,
    )
    origins: tuple[str, ...] = setting(
        (), "Other origins whose pages may use this server, such as https://chat.example.org.", kept=values.origins
    )
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses or networks of reverse proxies whose X-Forwarded-For is believed.", kept=values.networks
    )
    tls_cert: str = setting(
        "", "A PEM file with the certificate chain; with tls_key, the server speaks TLS itself.", path=True
    )
    tls_key: str = setting(
        "",
        "A PEM file with the private key of tls_cert, without a passphrase. Both are read again on SIGHUP.",
        path=True,
    )
    change_log_days: float = setting(
        30.0, "How many days the change log reaches back: a client away for longer loads everything again.", at_least=30
    )
    heartbeat_seconds: float = setting(
        30.0, "How often a silent socket is pinged; one that answers none is gone within two beats.", at_least=0.1
    )


@dataclass(frozen=True, slots=True)
class Database:
    """Where everything is stored: in a file of the data directory, or in PostgreSQL."""

    url: str = setting(
        "",
        "The PostgreSQL that stores everything, as postgresql://user:password@host/name; several hosts and TLS are "
        "said as its own programs take them. All processes with the same one are one server. Empty: SQLite, in the "
        "data directory.",
        kept=values.database_url,
        secret=True,
    )
    listen_url: str = setting(
        "",
        "Where PostgreSQL itself is, if url names a pooler: it gives connections out by transactions, and "
        "passes no notifications on. Migrations and commands go there as well. Empty: there is none.",
        kept=values.database_url,
        secret=True,
    )
    readers: int = setting(4, "How many reads of one process run at once in PostgreSQL.", at_least=1, at_most=64)
    lossless_failover: bool = setting(
        False,
        "Whether a standby of PostgreSQL that takes over has everything that was acknowledged, as a synchronous one "
        "has. Otherwise every client loads everything again after a failover.",
    )


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who may have an account, and for how long a login lasts."""

    registration: Literal["open", "invite", "closed"] = setting(
        "open", "Who may register: anybody (open), who has a code from `chatd invite` (invite), nobody (closed)."
    )
    profiles: Literal["members", "public"] = setting(
        "members",
        "Who may see a person's profile by its number: everybody who is signed in (members), or anybody at all "
        "(public), as the page of a person in the original front end needs.",
    )
    help: str = setting(
        "",
        "Whom those ask who have forgotten their password, in a sentence, such as an address for mail. Empty: the "
        "people who run the server.",
        kept=values.sentence,
    )
    password_min: int = setting(8, "The shortest password allowed, in characters.", at_least=1, at_most=1024)
    token_days: float = setting(30.0, "How many days a login lasts.", at_least=0.0001, at_most=36500)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one user or one address may ask for. 0 turns a limit off."""

    requests_per_second: float = setting(
        50.0, f"REST requests of one user, or of one address without one. {_RATE}", at_least=0
    )
    commands_per_second: float = setting(50.0, f"Frames of one user's socket. {_RATE}", at_least=0)
    messages_per_second: float = setting(10.0, f"Messages of one user. {_RATE}", at_least=0)
    logins_per_minute: float = setting(
        10.0,
        "Attempts to sign in to one account from one address, or to give the password in one session; five times as "
        "many to one account or from one address in all, in which strangers do not hold up an address that has signed "
        "in to the account before. 0: no limit.",
        at_least=0,
    )
    registrations_per_hour: float = setting(60.0, "New accounts from one address. 0: no limit.", at_least=0)
    reports_per_hour: float = setting(20.0, "Messages one user reports. 0: no limit.", at_least=0)
    exports_per_hour: float = setting(3.0, "Exports of one user's data. 0: no limit.", at_least=0)
    joins_per_minute: float = setting(
        10.0, "Attempts of one user to join groups, or to see what a code leads to. 0: no limit.", at_least=0
    )
    invitations_per_hour: float = setting(30.0, "People whom one user invites to groups. 0: no limit.", at_least=0)
    actions_per_minute: float = setting(
        60.0,
        "What one user does to others in groups, and undoes; one call counts once, whomever it names. 0: no limit.",
        at_least=0,
    )
    connections_per_user: int = setting(
        20, "Open sockets of one user; one more closes the oldest. 0: no limit.", at_least=0
    )
    connections_per_address: int = setting(
        200, "Open sockets of one address; one more is refused. 0: no limit.", at_least=0
    )
    connections: int = setting(10000, "Open sockets in all; one more is refused. 0: no limit.", at_least=0)
    tcp_connections_per_address: int = setting(
        2000,
        "Connections of one address, whatever they are for and before they ask for anything; one more is closed at "
        "once. Trusted proxies have no such limit. 0: no limit.",
        at_least=0,
    )


@dataclass(frozen=True, slots=True)
class Groups:
    """Who may make groups, and how large they get."""

    create: Literal["everyone", "admins"] = setting(
        "everyone", "Who may make a group: everybody, or this server's administrators (admins)."
    )
    members_max: int = setting(5000, "How many members a group may have.", at_least=1, at_most=100_000)
    per_user: int = setting(500, "How many groups a user may be in.", at_least=1)
    created_per_day: int = setting(20, "How many groups a user may make in a day. 0: no limit.", at_least=0)
    removed_days: float = setting(
        30.0,
        "How many days a group that was deleted can be restored, and a message that was removed; then what was said is "
        "erased.",
        at_least=0,
    )


@dataclass(frozen=True, slots=True)
class Backup:
    """The copies that the server makes of its database by itself, each proven before it has its name."""

    every_hours: float = setting(24.0, "How many hours lie between two backups. 0: none are made.", at_least=0)
    keep: int = setting(
        7, "How many of these backups are kept; an older one goes when a new one is proven.", at_least=1
    )
    directory: str = setting(
        "", "Where they are, in a directory for them alone. Empty: in backups, in the data directory.", path=True
    )


@dataclass(frozen=True, slots=True)
class Web:
    """The web client."""

    enabled: bool = setting(True, "Whether the web client is served at /.")
    name: str = setting(
        "chatd", "What the community is called, where people sign in and in the title.", kept=values.community
    )
    picture: str = setting(
        "",
        "A picture of the community, JPEG, PNG, GIF or WebP, which is read at the start. Empty: the program's own.",
        path=True,
    )


@dataclass(frozen=True, slots=True)
class Metrics:
    """Who may read the metrics for Prometheus at /metrics; by default nobody, and then nothing is measured."""

    host: tuple[str, ...] = hosts_setting("The addresses at which a listener of their own has the metrics")
    port: int = setting(
        0, "The port of that listener, which speaks plain HTTP; 0: there is none.", at_least=0, at_most=65535
    )
    token: str = setting(
        "",
        "With this bearer token the metrics are also at the address of the server, and without it nowhere. Empty: "
        "they are at the listener of their own alone, for all who reach it.",
        kept=values.token,
        secret=True,
    )

    @property
    def are_read(self) -> bool:
        """Whether anybody may read them."""
        return bool(self.port or self.token)


@dataclass(frozen=True, slots=True)
class Log:
    """What the log says, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "The least important line that is written.")
    format: Literal["auto", "text", "json"] = setting(
        "auto", "Lines for people (text) or programs (json); auto: text on a terminal, else json."
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, section by section, and where each value came from."""

    server: Server = field(default_factory=Server)
    database: Database = field(default_factory=Database)
    accounts: Accounts = field(default_factory=Accounts)
    limits: Limits = field(default_factory=Limits)
    groups: Groups = field(default_factory=Groups)
    backup: Backup = field(default_factory=Backup)
    web: Web = field(default_factory=Web)
    metrics: Metrics = field(default_factory=Metrics)
    log: Log = field(default_factory=Log)
    sources: Mapping[str, str] = field(default_factory=dict)
    #: One line for each environment variable that looks like a setting but is not one.
    warnings: tuple[str, ...] = ()
    #: One line that says which file was read where several could have been; otherwise empty.
    file_warning: str = ""

    @property
    def data_dir(self) -> Path:
        """The data directory, made absolute."""
        return Path(self.server.data_dir).absolute()

    @property
    def database_file(self) -> Path:
        """The database file of SQLite."""
        return self.data_dir / "chatd.db"

    @property
    def store(self) -> Path | str:
        """What stores everything: the file of SQLite, or the URL of PostgreSQL itself, whatever pooler is before it."""
        if not self.database.url:
            return self.database_file
        return self.database.listen_url or self.database.url

    @property
    def backups(self) -> Path:
        """The directory of the backups that the server makes."""
        return Path(self.backup.directory or self.data_dir / "backups").absolute()


SECTIONS: dict[str, type] = {
    "server": Server,
    "database": Database,
    "accounts": Accounts,
    "limits": Limits,
    "groups": Groups,
    "backup": Backup,
    "web": Web,
    "metrics": Metrics,
    "log": Log,
}
