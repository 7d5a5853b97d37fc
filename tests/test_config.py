"""Settings: who beats whom, and what is refused."""

import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd import config
from chatd.config import Setting, load, to_toml
from chatd.errors import ConfigurationError

SETTINGS = config.settings()
by_name = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: f"{setting.section}.{setting.name}")

#: Values that are no settings of a kind, as TOML writes them.
ILL_TYPED = {
    str: ["1", "true", "[]", "1979-05-27"],
    bool: ["1", '"true"', "[]", "0.0"],
    int: ['"1"', "1.5", "true", "[]"],
    float: ['"1"', "true", "nan", "inf", "-inf", "[]", "1" + 400 * "0"],
    tuple: ['"https://a.example"', "[1]", "true", '[["a"]]'],
}


def values(setting: Setting) -> tuple[Any, Any, Any]:
    """Return three values of a setting, each another than the one before, the first another than the default."""
    kind = setting.kind
    if setting.is_list:
        hosts = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
        if setting.name == "origins":
            hosts = ("https://a.example", "http://b.example:8080", "https://c.example")
        return (hosts[0],), (hosts[1], hosts[2]), (hosts[2],)
    if kind is bool:
        return not setting.default, setting.default, not setting.default
    if kind is int:
        return 11, 12, 13
    if kind is float:
        least = setting.field.metadata["at_least"]
        return least + 11.5, least + 12.0, least + 13.25
    if kind is str:
        start = {"token": 16 * "1", "url": "postgresql://", "listen_url": "postgresql://"}.get(setting.name, "")
        return f"{start}/one", f"{start}/two", f"{start}/three"
    others = [choice for choice in get_args(kind) if choice != setting.default]
    return others[0], others[-1] if len(others) > 1 else setting.default, others[0]


def as_text(value: Any) -> str:
    """Return a value as an environment variable has it."""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def as_option(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def with_partner(setting: Setting) -> list[Setting]:
    """Return the setting and the one it cannot be without."""
    if setting.name in ("tls_cert", "tls_key"):
        return [each for each in SETTINGS if each.name in ("tls_cert", "tls_key")]
    return [setting]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chatd.toml"
    path.write_text(text, encoding="utf-8")
    return path


def get(settings: config.Config, setting: Setting) -> Any:
    return getattr(getattr(settings, setting.section), setting.name)


def refused(*args: Any, **kwargs: Any) -> str:
    """Return the one line with which a configuration is refused."""
    with pytest.raises(ConfigurationError) as error:
        load(*args, **{"environment": {}, "search": (), **kwargs})
    assert "\n" not in str(error.value)
    return str(error.value)


@by_name
def test_an_option_beats_the_environment_beats_the_file_beats_the_default(setting: Setting, tmp_path: Path) -> None:
    full = f"{setting.section}.{setting.name}"
    group = with_partner(setting)
    in_file, in_environment, as_given = values(setting)
    lines = [f"{each.name} = {to_toml(in_file)}" for each in group]
    file = written(tmp_path, f"[{setting.section}]\n" + "\n".join(lines))
    environment = {each.variable: as_text(in_environment) for each in group}
    options = {f"{each.section}.{each.name}": as_option(as_given) for each in group}

    default = load(environment={"STATE_DIRECTORY": "/state"}, search=())
    assert get(default, setting) == ("/state" if setting.name == "data_dir" else setting.default)

    from_file = load(file, environment={})
    assert (get(from_file, setting), from_file.sources[full]) == (in_file, str(file))

    from_environment = load(file, environment=environment)
    assert (get(from_environment, setting), from_environment.sources[full]) == (in_environment, setting.variable)

    from_option = load(file, options, environment)
    assert (get(from_option, setting), from_option.sources[full]) == (as_given, "command line")

    not_given = load(file, dict.fromkeys(options), environment)
    assert get(not_given, setting) == in_environment


@by_name
def test_a_value_has_the_type_of_its_setting_wherever_it_comes_from(setting: Setting, tmp_path: Path) -> None:
    kind = get_origin(setting.kind) or setting.kind
    expected = kind if isinstance(kind, type) else str
    for value in values(setting):
        group = with_partner(setting)
        lines = [f"{each.name} = {to_toml(value)}" for each in group]
        file = written(tmp_path, f"[{setting.section}]\n" + "\n".join(lines))
        environment = {each.variable: as_text(value) for each in group}
        assert type(get(load(file, environment={}), setting)) is expected
        assert type(get(load(environment=environment, search=()), setting)) is expected


@by_name
def test_an_ill_typed_value_is_named(setting: Setting, tmp_path: Path) -> None:
    kind = get_origin(setting.kind) or setting.kind
    for text in ILL_TYPED.get(kind, ['"nonsense"', "1", "true", "[]"]):
        if text == '"https://a.example"' and setting.field.metadata["lone"]:
            continue
        file = written(tmp_path, f"[{setting.section}]\n{setting.name} = {text}")
        said = refused(file)
        assert said.startswith(f"{file}: [{setting.section}] {setting.name}: must be "), said


@by_name
def test_a_value_out_of_range_is_named(setting: Setting, tmp_path: Path) -> None:
    rule = setting.field.metadata
    for end, beyond in (("at_least", -1), ("at_most", +1)):
        if rule[end] is not None:
            words = end.replace("_", " ")
            for value, fine in ((rule[end] + beyond, False), (setting.kind(rule[end]), True)):
                file = written(tmp_path, f"[{setting.section}]\n{setting.name} = {value}")
                if fine:
                    assert get(load(file, environment={}), setting) == value
                else:
                    assert f"[{setting.section}] {setting.name}: must be {words} {rule[end]}" in refused(file)


@by_name
def test_an_ill_typed_variable_is_named(setting: Setting) -> None:
    bad = {str: None, tuple: "non sense, more"}.get(get_origin(setting.kind) or setting.kind, "nonsense")
    if bad is not None:
        assert refused(environment={setting.variable: bad}).startswith(f"{setting.variable}: ")


def test_everything_wrong_is_named_at_once_in_one_line(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        top = 1
        web = "on"
        [server]
        prot = 8000
        port = "8000"
        host = 1
        [accounts]
        registration = "nobody"
        [plugins]
        [limits]
        connections = -1
        """,
    )
    environment = {"CHATD_LOG_LEVEL": "loud", "CHATD_SERVER_TLS_CERT": "/cert.pem"}
    said = refused(file, {"server.port": 70_000}, environment=environment)
    assert said.startswith(f"{file}: ")
    for part in (
        "[top] is not a section",
        "[plugins] is not a section",
        "web must be a section: [web]",
        "[server] prot is not a setting",
        "[server] port: must be a whole number",
        "[server] host: must be a string or a list of strings",
        "[accounts] registration: must be one of open, invite, closed",
        "[limits] connections: must be at least 0",
        "CHATD_LOG_LEVEL: must be one of debug, info, warning, error",
        "--port: must be at most 65535",
        "tls_cert and tls_key: one is set without the other",
    ):
        assert part in said, said


@pytest.mark.parametrize(
    "origin",
    ["chat.example.org", "https://", "https://chat.example.org/", "https://a.example/b", "ftp://a.example", "*", ""],
)
def test_what_is_no_origin_is_named(origin: str) -> None:
    options = {"server.origins": ["https://fine.example", origin]}
    assert f"--origins: '{origin}' is not an origin" in refused(options=options)


@pytest.mark.parametrize("network", ["localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "", "::1/129"])
def test_what_is_no_network_is_named(network: str) -> None:
    options = {"server.trusted_proxies": ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", network]}
    assert f"--trusted-proxies: '{network}' is not an address or network" in refused(options=options)


@pytest.mark.parametrize("content", [b"[server", b"port = \xff", b"a = 1\na = 2", b"[server]\nhost = 'a\nb'"])
def test_a_file_that_is_not_toml_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_bytes(content)
    assert refused(file).startswith(f"{file} cannot be read: ")


def test_a_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere.toml") in refused(tmp_path / "nowhere.toml")


def test_the_first_file_that_is_there_is_read_and_no_other(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    second.write_text("[server]\nport = 2\nhost = '::1'")
    assert load(environment={}, search=(first, second)).server.port == 2
    first.write_text("[server]\nport = 1")
    settings = load(environment={}, search=(first, second))
    assert (settings.server.port, settings.server.host) == (1, ("127.0.0.1",))
    assert load(second, environment={}, search=(first,)).server.port == 2


def test_an_unknown_variable_is_a_warning_and_others_are_no_business_of_ours() -> None:
    environment = {"CHATD_SERVER_PROT": "1", "CHATD_": "", "CHATD_SERVER_PORT": "9000", "CHATTY": "1", "PATH": "/bin"}
    settings = load(environment=environment, search=())
    assert settings.server.port == 9000
    assert settings.warnings == (
        "the environment variable CHATD_ is not a setting of chatd",
        "the environment variable CHATD_SERVER_PROT is not a setting of chatd",
    )
    assert load(environment={}, search=()).warnings == ()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", ()),
        (" , ", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example,https://b.example", ("https://a.example", "https://b.example")),
        (" https://a.example , https://b.example, ", ("https://a.example", "https://b.example")),
    ],
)
def test_a_list_in_the_environment_has_commas(text: str, items: tuple[str, ...]) -> None:
    assert load(environment={"CHATD_SERVER_ORIGINS": text}, search=()).server.origins == items


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("TRUE", True), ("1", True), ("yes", True), ("False", False), ("0", False)]
)
def test_a_yes_or_no_in_the_environment_has_many_words(text: str, value: bool) -> None:
    assert load(environment={"CHATD_WEB_ENABLED": text}, search=()).web.enabled is value


def test_the_data_directory_is_where_systemd_or_xdg_or_home_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/alice")

    def found(**environment: str) -> tuple[str, str]:
        settings = load(environment=environment, search=())
        return str(settings.data_dir), settings.sources["server.data_dir"]

    assert found() == found(XDG_DATA_HOME="") == ("/home/alice/.local/share/chatd", "default")
    assert found(XDG_DATA_HOME="/data") == ("/data/chatd", "XDG_DATA_HOME")
    assert found(XDG_DATA_HOME="/data", STATE_DIRECTORY="/var/lib/chatd") == ("/var/lib/chatd", "STATE_DIRECTORY")
    assert found(STATE_DIRECTORY="/var/lib/chatd:/var/lib/other") == ("/var/lib/chatd", "STATE_DIRECTORY")
    assert found(STATE_DIRECTORY="/var/lib/chatd", CHATD_SERVER_DATA_DIR="/mine") == ("/mine", "CHATD_SERVER_DATA_DIR")
    assert found(STATE_DIRECTORY="/var/lib/chatd", CHATD_SERVER_DATA_DIR="") == ("/var/lib/chatd", "STATE_DIRECTORY")
    assert found(CHATD_SERVER_DATA_DIR="~/chat")[0] == "/home/alice/chat"
    monkeypatch.chdir(tmp_path)
    assert found(CHATD_SERVER_DATA_DIR="here")[0] == str(tmp_path / "here")


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False))
@example("\x7f")
def test_a_value_reads_back_as_it_was_written(value: Any) -> None:
    assert tomllib.loads(f"a = {to_toml(value)}\nb = {to_toml((str(value),))}") == {"a": value, "b": [str(value)]}


def test_a_home_that_is_not_there_is_named() -> None:
    options = {"server.data_dir": "~nobody-at-all/chatd"}
    assert refused(options=options, environment={}, search=()) == (
        "[server] data_dir: there is no home directory for ~nobody-at-all/chatd"
    )


def test_a_tilde_stands_for_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    options = {"server.data_dir": "~/chat"}
    assert config.load(options=options, environment={}, search=()).data_dir == Path("/home/ada/chat")
