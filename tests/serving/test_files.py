"""The files of the web client: what is sent, in which coding, and for how long it may be kept."""

import logging
from pathlib import Path

import pytest

from chatd.web.files import STATIC
from tests.conftest import Start
from tests.serving.support import BUILT, CLIENT_PAGES, NAVIGATION, StartWeb, ask, items
from tests.support import Chat, error_of

SCRIPT = "/assets/index-B2f3.js"
STYLE = "/assets/index-9aZ_.css"

#: Every file that has an address.
PUBLIC = [name for name in BUILT if not name.startswith(".") and not name.endswith((".br", ".gz"))]


async def test_every_file_is_sent_as_it_was_built(chat: Chat) -> None:
    for name in PUBLIC:
        async with ask(chat, f"/{name}") as response:
            assert (response.status, await response.read()) == (200, BUILT[name]), name
            assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("sw.js", "text/javascript; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
        ("icons/icon-192.png", "image/png"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("assets/index-B2f3.js", "text/javascript; charset=utf-8"),
        ("assets/index-9aZ_.css", "text/css; charset=utf-8"),
        ("assets/inter-D00d.woff2", "font/woff2"),
        ("assets/notes-C0de.unknown", "application/octet-stream"),
    ],
)
async def test_a_file_says_what_it_is_in_every_coding(chat: Chat, name: str, content_type: str) -> None:
    for accepted in ("identity", "br", "gzip"):
        async with ask(chat, f"/{name}", accept_encoding=accepted) as response:
            assert response.headers["Content-Type"] == content_type
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_only_what_has_a_hash_in_its_name_may_be_kept_unasked(chat: Chat) -> None:
    for name in PUBLIC:
        async with ask(chat, f"/{name}") as response:
            hashed = name.startswith("assets/")
            expected = "public, max-age=31536000, immutable" if hashed else "no-cache"
            assert response.headers["Cache-Control"] == expected, name
    for page in CLIENT_PAGES:
        async with ask(chat, page, accept=NAVIGATION) as response:
            assert response.headers["Cache-Control"] == "no-cache", page


BR, GZIP, PLAIN = "br", "gzip", None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, PLAIN),
        ("", PLAIN),
        ("gzip, deflate, br, zstd", BR),
        ("gzip, deflate", GZIP),
        ("GZIP", GZIP),
        ("br;q=0.5, gzip", GZIP),
        ("br; q=0.5 , gzip;Q=0.4", BR),
        ("gzip;q=0", PLAIN),
        ("br;q=0, *", GZIP),
        ("*", BR),
        ("*;q=0.1", BR),
        ("br;q=0.000, gzip;q=0.001", GZIP),
        ("identity", PLAIN),
        ("identity, br;q=0.9", PLAIN),
        ("identity;q=0.5, br;q=0.4, gzip;q=0.6", GZIP),
        ("identity;q=0, gzip", GZIP),
        ("identity;q=0, *", BR),
        ("*;q=0, identity", PLAIN),
        ("*;q=0, gzip", GZIP),
        ("deflate, zstd", PLAIN),
        ("br;q=nonsense, gzip;q=0.1", GZIP),
        ("br;q=-1", PLAIN),
        ("br;q=9, gzip;q=8", BR),
        (f"br;q={'9' * 5000}", BR),
        (",,;q=1, ;;br", PLAIN),
    ],
)
async def test_the_coding_is_the_one_the_client_likes_best(
    chat: Chat, accepted: str | None, coding: str | None
) -> None:
    given = {} if accepted is None else {"accept_encoding": accepted}
    suffix = {"br": ".br", "gzip": ".gz", None: ""}[coding]
    for address, name in ((SCRIPT, SCRIPT[1:]), ("/login", "index.html")):
        async with ask(chat, address, **given) as response:
            assert (response.status, response.headers.get("Content-Encoding")) == (200, coding)
            assert await response.read() == BUILT[name + suffix]
            assert "Accept-Encoding" in items(response.headers["Vary"])


async def test_a_coding_that_was_not_built_is_not_sent(chat: Chat) -> None:
    async with ask(chat, STYLE, accept_encoding="br, gzip;q=0.1") as response:
        assert response.headers["Content-Encoding"] == "gzip"
    async with ask(chat, STYLE, accept_encoding="br") as response:
        assert "Content-Encoding" not in response.headers
    async with ask(chat, "/sw.js", accept_encoding="br, gzip") as response:
        assert "Content-Encoding" not in response.headers
        assert "Vary" not in response.headers


@pytest.mark.parametrize("accepted", ["identity;q=0", "*;q=0", "identity;q=0, zstd", "br;q=0, gzip;q=0, identity;q=0"])
async def test_who_takes_no_coding_there_is_gets_406(chat: Chat, accepted: str) -> None:
    async with ask(chat, SCRIPT, accept_encoding=accepted) as response:
        assert await error_of(response) == (406, "not_acceptable")


async def test_what_has_not_changed_is_not_sent_again(chat: Chat) -> None:
    for address in (SCRIPT, "/index.html", "/sw.js", "/settings", "/config.json"):
        for accepted in ("br", "gzip", "identity"):
            async with ask(chat, address, accept_encoding=accepted) as response:
                tag, control = response.headers["ETag"], response.headers["Cache-Control"]
                vary = response.headers.get("Vary")
            for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                async with ask(chat, address, accept_encoding=accepted, if_none_match=known) as response:
                    assert (response.status, await response.read()) == (304, b""), (address, accepted, known)
                    assert response.headers["ETag"] == tag
                    assert response.headers["Cache-Control"] == control
                    assert response.headers.get("Vary") == vary
                    assert "Content-Encoding" not in response.headers
            async with ask(chat, address, accept_encoding=accepted, if_none_match='"other"') as response:
                assert response.status == 200


async def test_other_bytes_have_another_tag(chat: Chat) -> None:
    tags: dict[bytes, set[str]] = {}
    for address in (SCRIPT, "/index.html", STYLE):
        for accepted in ("br", "gzip", "identity"):
            async with ask(chat, address, accept_encoding=accepted) as response:
                tags.setdefault(await response.read(), set()).add(response.headers["ETag"])
    assert all(len(each) == 1 for each in tags.values())
    assert len(set.union(*tags.values())) == len(tags)


async def test_a_new_build_has_new_tags_where_it_differs(chat: Chat, start_web: StartWeb, static: Path) -> None:
    async def tags(chat: Chat) -> dict[str, str]:
        found = {}
        for address in ("/", "/sw.js"):
            async with ask(chat, address) as response:
                found[address] = response.headers["ETag"]
        return found

    before = await tags(chat)
    await chat.server.stop()
    (static / "sw.js").write_bytes(b"// another")
    after = await tags(await start_web())
    assert after["/"] == before["/"]
    assert after["/sw.js"] != before["/sw.js"]


async def test_head_says_what_get_would_send(chat: Chat) -> None:
    for address in (SCRIPT, "/", "/messages/5", "/config.json"):
        for accepted in ("br", "identity"):
            asked = {"accept": NAVIGATION, "accept_encoding": accepted}
            async with ask(chat, address, **asked) as response:
                expected = {name: value for name, value in response.headers.items() if name != "Date"}
            async with ask(chat, address, "HEAD", **asked) as response:
                found = {name: value for name, value in response.headers.items() if name != "Date"}
                assert (response.status, await response.read(), found) == (200, b"", expected), address


async def test_another_method_is_405(chat: Chat) -> None:
    for address in (SCRIPT, "/", "/login", "/index.html", "/config.json"):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            async with ask(chat, address, method, accept=NAVIGATION) as response:
                assert await error_of(response) == (405, "method_not_allowed"), (method, address)
                assert items(response.headers["Allow"]) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "address",
    [
        *("/.built-from", "/.vite/manifest.json", "/index.html.br", "/assets/index-B2f3.js.gz"),
        *("/assets", "/assets/", "/icons", "/assets/nothing-0000.js", "/index.htm", "/INDEX.HTML"),
        *("/../signing.key", "/assets/../../chatd.db", "/assets/..%2f..%2fchatd.db", "/assets/%2e%2e/sw.js"),
        *("/assets/%2e%2e/%2e%2e/secret", "/..%5csecret", "//index.html", "/%2findex.html", "/./index.html"),
        *("/assets//index-B2f3.js", "/index.html%00", "/index.html/", "/etc/passwd", "/secret", "/link.txt"),
    ],
)
async def test_no_address_leads_out_of_the_built_files(chat: Chat, static: Path, address: str) -> None:
    (static / "link.txt").symlink_to("/etc/passwd")  # made after the start: the files are not looked for again
    (static / "secret").write_text("secret")
    (static.parent / "secret").write_text("secret")
    async with ask(chat, address) as response:
        assert await error_of(response) == (404, "not_found")
    async with ask(chat, address, accept=NAVIGATION) as response:
        assert (response.status, await response.read()) == (404, BUILT["index.html"])


async def test_what_was_read_at_the_start_is_served_whatever_becomes_of_the_files(chat: Chat, static: Path) -> None:
    for name in PUBLIC:
        (static / name).unlink()
    async with ask(chat, SCRIPT) as response:
        assert await response.read() == BUILT["assets/index-B2f3.js"]


async def test_without_a_built_client_the_log_says_how_to_build_it_and_the_api_works(
    start_web: StartWeb, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    chat = await start_web(static=tmp_path / "none")
    (line,) = [record for record in caplog.records if "web client" in record.getMessage()]
    assert line.levelname == "WARNING"
    assert "npm --prefix web run build" in line.getMessage()
    for page in CLIENT_PAGES:
        async with ask(chat, page, accept=NAVIGATION) as response:
            status, _ = await error_of(response)
            assert status in (401, 404, 405), page
    alice, bob = await chat.people("alice", "bobby")
    assert (await alice.send(bob, "hello"))["content"] == "hello"


async def test_with_a_built_client_the_log_has_nothing_to_say(
    start_web: StartWeb, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await start_web()
    assert not [record for record in caplog.records if "web client" in record.getMessage()]


async def test_a_build_that_was_cut_short_is_none(start_web: StartWeb, static: Path) -> None:
    (static / "index.html").unlink()
    chat = await start_web()
    async with ask(chat, SCRIPT) as response:
        assert await error_of(response) == (404, "not_found")


async def test_where_the_web_client_is_turned_off_nothing_of_it_is_there(
    start_web: StartWeb, static: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for directory in (static, tmp_path / "none"):
        chat = await start_web(static=directory, web={"enabled": False})
        for address in ["/config.json", "/", "/login", "/register", "/settings", *(f"/{name}" for name in PUBLIC)]:
            async with ask(chat, address, accept=NAVIGATION) as response:
                assert await error_of(response) == (404, "not_found"), address
        async with ask(chat, "/messages", accept=NAVIGATION) as response:
            assert await error_of(response) == (401, "not_authenticated")
            assert "Vary" not in response.headers
        await chat.server.stop()
    assert not [record for record in caplog.records if "web client" in record.getMessage()]


async def test_the_package_serves_the_client_that_was_built_into_it(start: Start) -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web client is not built")
    chat = await start()
    async with ask(chat, "/") as response:
        assert await response.read() == (STATIC / "index.html").read_bytes()
