"""Scrapes of a real server, parsed as Prometheus parses them."""

from typing import Any

from aiohttp import ClientSession
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.ports import free_port
from tests.support import Chat

#: What the server's own metrics begin with.
OURS = "chatd_"


class Scrape:
    """One answer to ``GET /metrics``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families: dict[str, Metric] = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {sample.name for sample in self.samples}

    def __getitem__(self, name: str) -> float:
        """Return the value of a metric without labels."""
        return self.of(name)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def of(self, name: str, **labels: str) -> float:
        """Return the value of a metric with labels."""
        (value,) = [each.value for each in self.samples if each.name == name and each.labels == labels]
        return value

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the values of a metric with one label, by it."""
        return {each.labels[label]: each.value for each in self.samples if each.name == name}

    def buckets(self, name: str) -> list[tuple[float, float]]:
        """Return the bounds of a histogram, and how many values lie at or below each."""
        found = self.by(f"{name}_bucket", "le")
        return sorted((float(bound), count) for bound, count in found.items())


async def get(url: str, token: str | None = None, **headers: str) -> tuple[int, str, str]:
    """GET an address; return the status, the media type and the text."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.headers["Content-Type"], await response.text()


async def scrape(url: str, token: str | None = None) -> Scrape:
    """Scrape ``url`` + ``/metrics``."""
    status, media_type, text = await get(f"{url}/metrics", token)
    assert (status, media_type) == (200, "text/plain; version=0.0.4; charset=utf-8"), text
    return Scrape(text)


class Measured:
    """A running server with its metrics on a listener of their own."""

    def __init__(self, chat: Chat, url: str) -> None:
        self.chat = chat
        self.url = url

    async def scrape(self) -> Scrape:
        """Scrape it."""
        return await scrape(self.url)


async def measured(start: Any, **sections: Any) -> Measured:
    """Start a server with its metrics on a listener of their own."""
    port = free_port()
    metrics = {"port": port, **sections.pop("metrics", {})}
    return Measured(await start(metrics=metrics, **sections), f"http://127.0.0.1:{port}")
