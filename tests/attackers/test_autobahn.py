"""The cases of the Autobahn test suite against the real socket, whose classic dialect repeats here what it hears."""

from fnmatch import fnmatch

import kosoku
import pytest

from chatd.delivery.frames import text_frame
from chatd.ws import handler
from chatd.ws.classic import Classic
from tests.support import Chat

#: Compression is not offered (12 and 13).
CASES = [f"{chapter}.*" for chapter in (1, 2, 3, 4, 5, 6, 7, 9, 10)]

#: What this server refuses by its own rules, with the codes it closes with: binary frames, and those over 64 KiB.
REFUSED = {
    "1.2.*": {1003},
    "9.1.[2-6]": {1009},
    "9.[246].*": {1003, 1009},
    "9.[35].*": {1009},
    "9.8.*": {1003},
}


class Echo(Classic):
    """A dialect of one word: yours."""

    def hear_at_once(self, text: str) -> bool:
        """Say it again."""
        self.connection.push(text_frame(text.encode()))
        return True

    async def hear(self, text: str) -> None:
        """Say it again."""
        self.hear_at_once(text)


async def test_the_socket_passes_every_case(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "Classic", Echo)
    alice = await chat.person("alice")
    url = str(chat.client.make_url(f"/messages/ws?token={alice.token}").with_scheme("ws"))
    try:
        results = await kosoku.run_fuzzingclient(url, CASES, concurrency=4)
    except kosoku.FailureError as error:
        results = error.results
    failed = {}
    for result in results:
        codes = [codes for pattern, codes in REFUSED.items() if fnmatch(result.case_id, pattern)]
        if not codes and not result.passed:
            failed[result.case_id] = result.result
        elif codes:
            assert result.remote_close_code in codes[0], result.case_id
    assert failed == {}
    assert len(results) > 290
