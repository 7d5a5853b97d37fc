"""The address of a picture: whatever is taken, a browser sees the host in it that we see."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chatd import config
from chatd.api.openapi import describe
from chatd.api.routes import routes
from chatd.schemas.texts import AVATAR_PATTERN, avatar_field

#: Where the page is that shows the picture.
BASE = "https://chat.example.org:8443/messages/1"

#: Says of each line on standard input what a browser takes it for, and whether the pattern fits.
SCRIPT = """
const [base, pattern] = process.argv.slice(-2)
const fits = new RegExp(pattern, 'u')
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const text = JSON.parse(line)
  let host = null
  try { const url = new URL(text, base); host = url.protocol + '//' + url.host + (url.username && '@') } catch {}
  console.log(JSON.stringify([host, fits.test(text)]))
})
"""

FINE = [
    *(
        "/",
        "/a",
        "/files/avatars/a.webp",
        "/a//b",
        "/a/../b",
        "/a?b=c#d",
        "/@a",
        "/:80/",
        "/%2F/evil.example",
        "/a:b@c/",
    ),
    *("https://example.org", "https://example.org/", "https://EXAMPLE.org/a.png", "https://a.b-c.d1:8443/x?y#z"),
    *("https://example.org?x", "https://example.org#x", "https://localhost/x", "https://192.168.1.2:65535/x"),
    *(
        "https://example.org:443/",
        "https://a--b.example/",
        "https://example.org/@evil.example",
        "https://1and1.example/",
    ),
]

NO_PATHS = [
    *("", "a", "//evil.example/x", "/\\evil.example/x", "\\\\evil.example", "/\t/evil.example/x", "/\n/evil.example/x"),
    *(
        "/\r/evil.example/x",
        " //evil.example",
        "/ /x",
        "/a b",
        "/a\\b",
        "/\x00",
        "/a\x7f",
        "/\x85/evil.example",
        "/a\u202e",
    ),
    *(
        "\x01//evil.example",
        "/\u200b/x",
        "/é",
        "/\u2028/x",
        "/\ufeff",
        "/a\n",
        "\t/a",
        "/\u3000/x",
        "/\uff0fevil.example",
    ),
    *(
        "https:",
        "https:/",
        "https://",
        "https:///evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:\\\\a.b",
    ),
    *("https://user@evil.example/", "https://example.org:80@evil.example/", "https://example.org\\@evil.example/"),
    *(
        "https://example.org\t.evil.example/",
        "https://exa\nmple.org/",
        "https://example.org\\.evil.example",
        "https://?x",
    ),
    *(
        "https://#x",
        "https://:80/",
        "https://a b/",
        "https://.a/",
        "https://a../",
        "https://-a.example/",
        "https://a_b.example/",
    ),
    *(
        "https://1.2/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://256.1.1.1/",
        "https://1.2.3.04/",
        "https://1.2.3.4.5/",
    ),
    *(
        "https://a.0x1/",
        "https://[::1]/",
        "https://xn--a/",
        "https://XN--a.example/",
        "https://münchen.example/",
        "https://a。b/",
    ),
    *(
        "https://ex%61mple.org/",
        "https://example.org:/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://a:b/",
    ),
    *(
        "http://example.org/",
        "HTTPS://example.org/",
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "https://\u00ad/",
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[subprocess.Popen[str]]:
    """How browsers read addresses, as their engine does it."""
    node = Path(sys.prefix) / "bin" / "node"
    command = [str(node) if node.exists() else "node", "-e", SCRIPT, "--", BASE, AVATAR_PATTERN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def ask(browser: "subprocess.Popen[str]", text: str) -> tuple[str | None, bool]:
    """Return the scheme and host a browser sees in an address, and whether the API's description fits it there."""
    assert browser.stdin is not None
    assert browser.stdout is not None
    browser.stdin.write(json.dumps(text) + "\n")
    browser.stdin.flush()
    host, fits = json.loads(browser.stdout.readline())
    return host, fits


def is_taken(text: str) -> bool:
    """Report whether somebody may have this as the address of their picture."""
    try:
        avatar_field().deserialize(text)
    except ValidationError:
        return False
    return True


def host_of(text: str) -> str:
    """Return the scheme and host we see in an address that is taken, as browsers write them."""
    if text.startswith("/"):
        return "https://chat.example.org:8443"
    authority = text.removeprefix("https://")
    for end in "/?#":
        authority = authority.partition(end)[0]
    return f"https://{authority.lower().removesuffix(':443')}"


def agree(browser: "subprocess.Popen[str]", text: str) -> bool:
    """See that code, description and browser agree about an address, and return whether it is taken."""
    host, fits = ask(browser, text)
    taken = is_taken(text)
    assert fits == taken or len(text) > 500, ascii(text)
    assert not taken or host == host_of(text), ascii(text)
    return taken


@pytest.mark.parametrize("text", FINE)
def test_a_path_and_a_host_are_fine(browser: "subprocess.Popen[str]", text: str) -> None:
    assert agree(browser, text)


@pytest.mark.parametrize("text", NO_PATHS, ids=ascii)
def test_what_a_browser_may_read_otherwise_is_refused(browser: "subprocess.Popen[str]", text: str) -> None:
    assert not agree(browser, text)


def test_addresses_have_at_most_500_characters() -> None:
    assert is_taken("/" + "x" * 499)
    assert not is_taken("/" + "x" * 500)


PIECES = st.sampled_from(
    [
        *"/\\:@?#.-_%[]0x1a é\t\n\r\x00\x7f\x85\u200b\u202e\u3000\uff0f。",
        "https://",
        "evil.example",
        "xn--",
        "127",
        "0x7f",
        "443",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_put_together_is_read_alike(browser: "subprocess.Popen[str]", text: str) -> None:
    for each in (text, f"/{text}", f"https://{text}", f"https://a.example{text}", f"https://{text}.example/"):
        agree(browser, each)


@given(st.from_regex(AVATAR_PATTERN, fullmatch=True))
def test_whatever_the_pattern_lets_through_is_read_alike(browser: "subprocess.Popen[str]", text: str) -> None:
    assert agree(browser, text) or len(text) > 500


@given(st.text(max_size=20))
def test_any_text_is_read_alike(browser: "subprocess.Popen[str]", text: str) -> None:
    agree(browser, text)
    agree(browser, f"/{text}")


def test_the_description_of_the_api_says_the_same() -> None:
    page: Any = describe(routes(config.Config()))
    assert page["components"]["schemas"]["ProfileBody"]["properties"]["avatar_path"]["pattern"] == AVATAR_PATTERN
