"""Somebody for the doctor to look at."""

import asyncio
from pathlib import Path
from typing import Any

from yarl import URL

from tests.doctor.reverse_proxy import ReverseProxy
from tests.ports import free_port
from tests.process import ServerProcess, chatd

#: What a test can do nothing about: whether the machine it runs on keeps the time.
CLOCK = "clock"

Findings = dict[str, tuple[str, str]]


class Patient:
    """A server at a known port, and what the doctor says of it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.status = 0

    @property
    def url(self) -> URL:
        """Where it listens."""
        return URL(f"http://127.0.0.1:{self.port}")

    def serve(self, **variables: str) -> ServerProcess:
        """Return the server, to be started by ``with``."""
        return ServerProcess(self.data_dir, "--port", str(self.port), **variables)

    def ask(self, *arguments: str, stdin: str = "", **variables: str) -> Findings:
        """Run ``chatd doctor`` and return, for each thing, whether it is ok, and the text."""
        environment = {"CHATD_SERVER_PORT": str(self.port), **variables}
        done = chatd(self.data_dir, "doctor", *arguments, stdin=stdin, **environment)
        assert done.stderr == ""
        self.status = done.returncode
        findings: Findings = {}
        for line in done.stdout.splitlines():
            verdict, (about, _, text) = line[:6].strip(), line[8:].partition(": ")
            assert verdict in ("ok", "change")
            findings[about] = (verdict, text)
        assert self.status == int(any(verdict == "change" for verdict, _ in findings.values()))
        return findings

    def wrong(self, *arguments: str, stdin: str = "", **variables: str) -> dict[str, str]:
        """Return what has to be changed, but for the clock of the machine that the test runs on."""
        found = self.ask(*arguments, stdin=stdin, **variables)
        return {about: text for about, (verdict, text) in found.items() if verdict == "change" and about != CLOCK}


async def through(patient: Patient, *arguments: str, stdin: str = "", **wrong: Any) -> dict[str, str]:
    """Return what has to be changed about a proxy."""
    async with ReverseProxy(patient.url, **wrong).running() as url:
        return await asyncio.to_thread(patient.wrong, "--url", url, *arguments, stdin=stdin)
