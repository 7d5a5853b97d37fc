"""Checks the configuration for unknown settings and settings that contradict each other."""

import ipaddress
import stat
from collections.abc import Iterator
from pathlib import Path

from chatd.config import Config, to_toml
from chatd.doctor.findings import Finding, change, good
from chatd.http.proxies import is_loopback

ABOUT = "configuration"


def look(config: Config) -> Iterator[Finding]:
    """Check the settings."""
    problems = [*_unknown(config), *_contradictions(config)]
    if problems:
        yield from (change(ABOUT, problem) for problem in problems)
    else:
        files = sorted({source for source in config.sources.values() if source.endswith(".toml")})
        yield good(ABOUT, f"read from {files[0]}" if files else "no file, which is fine")


def _unknown(config: Config) -> Iterator[str]:
    if config.file_warning:
        yield config.file_warning
    for warning in config.warnings:
        yield f"{warning}: unset it, or `chatd config` shows how it is spelt"


def _contradictions(config: Config) -> Iterator[str]:
    server, limits = config.server, config.limits
    if not (server.tls_cert or server.trusted_proxies or all(map(is_loopback, server.host))):
        yield (
            f"[server] host = {to_toml(server.host)} is open to the network without TLS: set tls_cert and tls_key, or "
            "host = '127.0.0.1' behind a reverse proxy"
        )
    reachable = [host for host in config.metrics.host if not is_loopback(host)]
    if config.metrics.port and not config.metrics.token and reachable:
        yield (
            f"[metrics] host = {to_toml(config.metrics.host)} shows the metrics to all who reach it: set token, or "
            "host = '127.0.0.1'"
        )
    for network in server.trusted_proxies:
        if ipaddress.ip_network(network).prefixlen == 0:
            yield f"[server] trusted_proxies: {network} is everybody: name the proxy's own address"
    for name in ("connections_per_user", "connections_per_address"):
        if 0 < limits.connections < getattr(limits, name):
            yield f"[limits] {name} is above connections = {limits.connections}, and so never reached: lower it"
    if 0 < limits.tcp_connections_per_address < limits.connections_per_address:
        yield (
            f"[limits] tcp_connections_per_address = {limits.tcp_connections_per_address} is below "
            "connections_per_address, each of which is one of them: raise it"
        )
    if server.tls_key:
        yield from _key(Path(server.tls_key))
    if config.backup.directory and config.data_dir == config.backups:
        yield "[backup] directory is the data directory: name one for the backups alone"


def _key(path: Path) -> Iterator[str]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        yield f"[server] tls_key {path} cannot be read ({error.strerror}): set the path, or the permissions"
        return
    if mode & 0o007:
        yield f"[server] tls_key can be read by everybody (mode {mode:04o}): chmod 600 {path}"
