"""The form in which values are kept: addresses, origins and paths, and what is none of them."""

from pathlib import Path
from typing import Any

import pytest

from chatd import config
from chatd.config import Config, Setting, load, values
from chatd.errors import ConfigurationError

#: Settings where an empty value has a meaning, which their text says.
MAY_BE_EMPTY = {
    *("server.data_dir", "server.origins", "server.trusted_proxies", "server.tls_cert", "server.tls_key"),
    *("accounts.help", "backup.directory", "metrics.token", "web.picture", "database.url", "database.listen_url"),
}


def of_environment(**environment: str) -> Config:
    return load(environment={"STATE_DIRECTORY": "/state", **environment}, search=())


def of_file(tmp_path: Path, content: bytes) -> Config:
    (tmp_path / "chatd.toml").write_bytes(content)
    return load(tmp_path / "chatd.toml", environment={"STATE_DIRECTORY": "/state"})


def refused(**environment: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        of_environment(**environment)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("setting", config.settings(), ids=lambda setting: f"{setting.section}.{setting.name}")
@pytest.mark.parametrize("empty", ["", " ", "\r"])
def test_an_empty_variable_is_refused_where_empty_means_nothing(setting: Setting, empty: str) -> None:
    name = f"{setting.section}.{setting.name}"
    is_text = setting.kind is str
    if name not in MAY_BE_EMPTY or (is_text and empty == "\r"):
        assert refused(**{setting.variable: empty}).startswith(f"{setting.variable}: ")
    elif not (is_text and empty):
        assert getattr(getattr(of_environment(**{setting.variable: empty}), setting.section), setting.name) in (
            "",
            (),
            "/state",
        )


@pytest.mark.parametrize("value", ['""', "[]", '[""]', '["127.0.0.1", ""]'])
@pytest.mark.parametrize("section", ["server", "metrics"])
def test_no_empty_host_in_a_file_stands_for_every_address(tmp_path: Path, section: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"\[{section}\] host: .*127\.0\.0\.1"):
        of_file(tmp_path, f"[{section}]\nhost = {value}".encode())


@pytest.mark.parametrize("option", ["data_dir", "host"])
def test_an_option_that_is_given_empty_is_refused(option: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--{option.replace('_', '-')}: "):
        load(options={f"server.{option}": "" if option == "data_dir" else [""]}, environment={}, search=())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("127.0.0.1", ("127.0.0.1",)),
        (" 0.0.0.0 , :: \r", ("0.0.0.0", "::")),
        ("[::1],::1,0:0:0:0:0:0:0:1", ("::1",)),
        ("fe80::1%eth0", ("fe80::1%eth0",)),
        ("::ffff:127.0.0.1,[::ffff:7f00:1],127.0.0.1", ("127.0.0.1",)),
        ("localhost,chat.example.org", ("localhost", "chat.example.org")),
    ],
)
def test_hosts_are_a_list_with_commas_and_each_is_there_once(given: str, kept: tuple[str, ...]) -> None:
    assert of_environment(CHATD_SERVER_HOST=given).server.host == kept


@pytest.mark.parametrize("written", ['"::1"', '["::1"]'])
def test_a_file_names_one_host_or_a_list(tmp_path: Path, written: str) -> None:
    assert of_file(tmp_path, f"[server]\nhost = {written}".encode()).server.host == ("::1",)


@pytest.mark.parametrize(
    "host",
    [
        "*",
        "0",
        "127.1",
        "0x7f.1",
        "256.0.0.1",
        "127.0.0.1:8000",
        "[::1]:8000",
        "http://a.example",
        "a b",
        "a/b",
        "é%",
        "*.a",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    assert refused(CHATD_SERVER_HOST=host).startswith(f"CHATD_SERVER_HOST: {host!r} is neither an address")


@pytest.mark.parametrize("host", ["fe80::1", "[fe80::1]"])
def test_an_address_of_one_link_wants_its_interface(host: str) -> None:
    assert refused(CHATD_SERVER_HOST=host).endswith("name its interface, as fe80::1%eth0 does")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("127.0.0.1,::1,10.0.0.0/8,fd00::/8,::/0", ("127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "::/0")),
        ("::ffff:10.0.0.1", ("10.0.0.1/32",)),
        ("::ffff:10.0.0.0/104", ("10.0.0.0/8",)),
        ("::ffff:0:0/96", ("0.0.0.0/0",)),
    ],
)
def test_a_proxy_of_ipv4_may_be_written_in_ipv6(given: str, kept: tuple[str, ...]) -> None:
    assert of_environment(CHATD_SERVER_TRUSTED_PROXIES=given).server.trusted_proxies == kept


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://chat.example.org", "https://chat.example.org"),
        ("HTTPS://Chat.Example.ORG", "https://chat.example.org"),
        ("https://chat.example.org:443", "https://chat.example.org"),
        ("https://chat.example.org:0443", "https://chat.example.org"),
        ("http://chat.example.org:80", "http://chat.example.org"),
        ("http://chat.example.org:443", "http://chat.example.org:443"),
        ("https://chat.example.org:8443", "https://chat.example.org:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:443", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://日本語。jp", "https://xn--wgv71a119e.jp"),
        ("https://💩.example", "https://xn--ls8h.example"),
        ("https://so\u00adft.example", "https://soft.example"),
        ("https://[0:0:0:0:0:0:0:1]:8000", "https://[::1]:8000"),
        ("https://[2001:DB8::1]:443", "https://[2001:db8::1]"),
        ("https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://a.example.", "https://a.example."),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, sent: str) -> None:
    assert of_environment(CHATD_SERVER_ORIGINS=written).server.origins == (sent,)


@pytest.mark.parametrize(
    "origin",
    [
        "httpſ://chat.example.org",
        *("https://[::1", "https://[fe80::1%25eth0]", "https://::1", "https://a.example:", "https://a.example:65536"),
        *("https://a.example:0", "https://a.example:00"),
        *("https://a.example:x", "https://a:b@a.example", "https://a b", "https://a%20b", "https:a.example", "null"),
        *("https://xn--a", "https://xn--", "https://a..example", "https://.example", "https://127.1", "https://1.2.3"),
        *(
            "https://*.example.org",
            "https://a;b",
            "https://ａ：ｂ",
            "https://a\u2028b",
            "https://a.example?b",
            "https://a.example#b",
            "https://\udcff.example",
        ),
    ],
)
def test_what_no_browser_sends_is_refused_as_an_origin(origin: str) -> None:
    assert refused(CHATD_SERVER_ORIGINS=origin).endswith("is not an origin such as https://chat.example.org")


def test_a_tilde_stands_for_the_home_in_every_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    paths = [setting for setting in config.settings() if setting.is_path]
    assert {setting.name for setting in paths} == {"data_dir", "tls_cert", "tls_key", "directory", "picture"}
    settings = of_environment(**{setting.variable: "~/there" for setting in paths})
    assert {getattr(getattr(settings, each.section), each.name) for each in paths} == {"/home/ada/there"}
    assert settings.backups == settings.data_dir == Path("/home/ada/there")


def test_a_path_with_a_control_character_is_refused() -> None:
    for setting in config.settings():
        if setting.is_path:
            assert "control characters" in refused(**{setting.variable: "/var/lib/chatd\r"})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ('"/var/lib/chatd"', "quotation marks"),
        ("'/var/lib/chatd'", "quotation marks"),
        ("$HOME/chatd", "not replaced here"),
        ("${XDG_DATA_HOME}/chatd", "not replaced here"),
        ("%S/chatd", "not replaced here"),
        ("file:///var/lib/chatd", "is a URL"),
        (" /var/lib/chatd", "a space"),
        ("/var/lib/chatd ", "a space"),
        (" ", "a space"),
    ],
)
def test_what_would_make_a_directory_by_a_slip_is_no_path(given: str, problem: str) -> None:
    for setting in config.settings():
        if setting.is_path:
            assert problem in refused(**{setting.variable: given})
    with pytest.raises(ConfigurationError, match=f"--data-dir: .*{problem}"):
        load(options={"server.data_dir": given}, environment={}, search=())


@pytest.mark.parametrize(
    "setting", [each for each in config.settings() if each.kind in (int, float)], ids=lambda setting: setting.variable
)
def test_no_number_is_out_of_all_proportion(setting: Setting) -> None:
    for number in (
        "1000000001",
        "9" * 30,
        *(("1e300", "1e-300", "5e-324", "0.0000009") if setting.kind is float else ()),
    ):
        assert refused(**{setting.variable: number}).startswith(f"{setting.variable}: must be ")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_token_keeps_no_quotation_marks_around_it(quote: str) -> None:
    assert "quotation marks" in refused(CHATD_METRICS_TOKEN=f"{quote}0123456789abcdef{quote}")


def test_a_home_is_no_path_for_data_where_it_is_relative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    settings = load(environment={"XDG_DATA_HOME": "data"}, search=())
    assert settings.data_dir == Path("/home/ada/.local/share/chatd")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_file_from_windows_is_read(tmp_path: Path, end: bytes) -> None:
    assert of_file(tmp_path, b"\xef\xbb\xbf[server]" + end + b"port = 9000" + end).server.port == 9000


@pytest.mark.parametrize(
    "content",
    [
        "[server]\nport = 1".encode("utf-16"),
        b"[server]\nport = " + 5000 * b"9",
        b"a = " + 10_000 * b"[",
        b"[server]\nhost = \x00",
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigurationError) as error:
        of_file(tmp_path, content)
    assert str(error.value).startswith(f"{tmp_path / 'chatd.toml'} cannot be read: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["directory", "link to nothing"])
def test_what_is_there_by_the_name_of_the_file_is_not_passed_over(tmp_path: Path, kind: str) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.mkdir() if kind == "directory" else first.symlink_to("nowhere")
    second.write_text("[server]\nport = 2")
    with pytest.raises(ConfigurationError, match=r"first\.toml cannot be read: "):
        load(environment={}, search=(first, second))


def test_a_file_that_hides_another_is_named_in_a_warning(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"

    def warning(*search: Path, file: Path | None = None) -> Any:
        return load(file, environment={}, search=search).file_warning

    first.write_text("[server]\nport = 1")
    assert warning(first, second) == ""
    second.write_text("[server]\nport = 2")
    said = warning(first, second)
    assert said.startswith(f"there are two configuration files: {first} is read and {second} is not")
    assert "--config" in said
    assert warning(first, second, file=second) == warning(second) == ""
    second.unlink()
    second.symlink_to(first)
    assert warning(first, second) == ""


@pytest.mark.parametrize("name", ["", "…", "a" * 51, "two\nlines", "turned \u202e around", "a\u0000b"])
def test_what_nobody_could_read_is_refused_as_the_name_of_a_community(name: str) -> None:
    with pytest.raises(ValueError, match="must"):
        values.community(name)


@pytest.mark.parametrize(
    ("given", "kept"), [(" Chess club ", "Chess club"), ("棋社", "棋社"), ("3", "3"), ("Łódź ♟", "Łódź ♟")]
)
def test_a_community_may_have_any_name_that_can_be_read(given: str, kept: str) -> None:
    assert values.community(given) == kept
