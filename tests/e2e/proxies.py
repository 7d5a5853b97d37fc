"""The proxies of docs/deploy.md, run as it says, on ports of their own."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.ports import free_port
from tests.programs import program

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "deploy.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Proxy:
    """A proxy as the page has it, on ports of its own, and all it has written."""

    def __init__(self, directory: Path, *upstreams: str) -> None:
        """Create a proxy that :meth:`running` runs.

        :param directory: where its files are.
        :param upstreams: the addresses of processes; with one it is set up as for one process.
        """
        directory.mkdir()
        self.directory = directory
        self.upstreams = upstreams
        self.port, self.http_port = free_port(), free_port()
        authority, self.certificate, self.key = trustme.CA(), directory / "cert.pem", directory / "key.pem"
        issued = authority.issue_cert("127.0.0.1")
        self.authority = directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        for blob in issued.cert_chain_pems:
            blob.write_to_path(str(self.certificate), append=True)
        issued.private_key_pem.write_to_path(str(self.key))
        self.trusting = ssl.create_default_context(cafile=str(self.authority))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it."""
        command = self.command()
        environment = {"XDG_DATA_HOME": str(self.directory), "XDG_CONFIG_HOME": str(self.directory)}
        with (self.directory / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _each(self, site: str, pattern: str, name: str = "") -> str:
        """Return a file with a line for each upstream in place of those it has."""
        lines = list(re.finditer(pattern, site, re.MULTILINE))
        assert len(lines) == 2
        new = (f"    server {name.format(number=n)}{each}{lines[0][1]}" for n, each in enumerate(self.upstreams))
        return site[: lines[0].start()] + "\n".join(new) + site[lines[1].end() :]

    @property
    def logs(self) -> str:
        """All it has written."""
        paths = [self.directory / "said", *self.directory.glob("*.log")]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


class Nginx(Proxy):
    """nginx, with the file of the page inside what Debian's own configuration has around it."""

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        site, several = blocks("nginx")
        if len(self.upstreams) == 1:
            assert "server 127.0.0.1:8000;" in site
            return self.running_with(site.replace("server 127.0.0.1:8000;", f"server {self.upstreams[0]};"))
        own = re.search(r"^upstream chatd \{.*?^\}\n", site, re.MULTILINE | re.DOTALL)
        assert own is not None
        return self.running_with(site.replace(own[0], self._each(several, r"^    server 127.0.0.1:\d+(.*)$")))

    def running_with(self, site: str) -> list[str]:
        """Return what runs it with a file for its sites."""
        site = re.sub(r"^ *listen \[::\].*\n", "", site, flags=re.MULTILINE)  # there may be no IPv6
        for old, new in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("listen 80;", f"listen 127.0.0.1:{self.http_port};"),
            ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/chat.example.org/privkey.pem", str(self.key)),
            ("/var/log/nginx/", f"{self.directory}/"),
        ):
            assert old in site
            site = site.replace(old, new)
        temporary = "".join(
            f"{kind}_temp_path {self.directory}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        path = self.directory / "nginx.conf"
        path.write_text(
            f"daemon off; master_process off; pid {self.directory}/pid; error_log {self.directory}/error.log;\n"
            f"events {{}}\nhttp {{\naccess_log {self.directory}/access.log;\n{temporary}{site}}}\n"
        )
        return [program("nginx"), "-p", str(self.directory), "-c", str(path)]


class Caddy(Proxy):
    """Caddy, with the page's file; its certificate is ours, as nobody here gives it one."""

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        site, _, several = blocks("caddy")
        if len(self.upstreams) > 1:
            assert several.startswith("chat.example.org {\n    reverse_proxy 127.0.0.1:8001 127.0.0.1:8002 {")
            several = several.replace("127.0.0.1:8001 127.0.0.1:8002", " ".join(self.upstreams))
            site = site[: site.index("\nchat.example.org {")] + "\n" + several
        else:
            assert "\nchat.example.org {\n    reverse_proxy 127.0.0.1:8000\n" in site
            site = site.replace("127.0.0.1:8000", self.upstreams[0])
        site = site.replace("chat.example.org {", f"{self.url} {{\n    tls {self.certificate} {self.key}")
        site = site.replace("{\n", "{\n    admin off\n    auto_https disable_redirects\n", 1)
        path = self.directory / "Caddyfile"
        path.write_text(site)
        return [program("caddy"), "run", "--config", str(path)]


class HAProxy(Proxy):
    """HAProxy, with the page's file and a certificate of ours."""

    def command(self) -> list[str]:
        """Return what runs it in the foreground."""
        (site,) = blocks("haproxy")
        pair = self.directory / "pair.pem"
        pair.write_text(self.certificate.read_text() + self.key.read_text())
        for old, new in (
            ("bind :443 ", f"bind 127.0.0.1:{self.port} "),
            ("/etc/haproxy/chat.example.org.pem", str(pair)),
        ):
            assert old in site
            site = site.replace(old, new)
        path = self.directory / "haproxy.cfg"
        path.write_text(self._each(site, r"^    server chatd-\d+ 127.0.0.1:\d+(.*)$", "chatd-{number} "))
        return [program("haproxy"), "-db", "-f", str(path)]
