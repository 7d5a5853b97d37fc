"""What the values of some settings must be beyond their type, and the form in which they are kept.

Each function takes a well-typed value and returns the form that is kept, or raises ``ValueError`` with what is wrong;
it never repeats a secret.
"""

import ipaddress
import re

#: What a browser drops from an origin: RFC 6454, section 6.
DEFAULT_PORTS = {"http": 80, "https": 443}

#: An origin: its scheme, its host and perhaps the number of a port; no user and no path.
ORIGIN = re.compile(r"((?ai:https?))://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::([0-9]{1,5}))?")

#: What a name of a host has of ASCII; letters of other scripts are mapped to it.
_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)

#: What an old way of writing an address ends in: ``127.1`` and ``0x7f000001`` are 127.0.0.1, and ``0`` is everything.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)


def hosts(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses and names to listen on, each once; an empty one would stand for every address there is."""
    if not given:
        raise ValueError("must be an address such as 127.0.0.1; for every address it is ::")
    return tuple(dict.fromkeys(_host(each.strip()) for each in given))


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        is_name = all(not each.isascii() or _NAME.fullmatch(each) for each in text)
        if not text or not is_name or _NUMBER.fullmatch(text):
            raise ValueError(
                f"{text!r} is not an address such as 127.0.0.1, nor the name of a host; for every address it is ::"
            ) from None
    return text


def origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return origins as browsers write them in the header ``Origin``."""
    return tuple(dict.fromkeys(_origin(each) for each in given))


def _origin(text: str) -> str:
    match = ORIGIN.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        scheme, host, port = match[1].lower(), browsers_host(match[2]), int(match[3] or 0)
        if port > 65535:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text!r} is not an origin such as https://chat.example.org") from None
    return f"{scheme}://{host}" if port in (0, DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def browsers_host(host: str) -> str:
    """Return the host of a URL as browsers write it: https://url.spec.whatwg.org/#host-parsing

    :raises ValueError: it is none.
    """
    if host.startswith("["):
        address = ipaddress.IPv6Address(host[1:-1])
        mapped = address.ipv4_mapped
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]" if mapped else f"[{address.compressed}]"
    name = host.lower() if host.isascii() else _mapped(host)
    labels = [_ascii_label(label) for label in name.split(".")]
    name = ".".join(labels)
    if not labels[0] or "" in labels[:-1] or not _NAME.fullmatch(name):
        raise ValueError
    return str(ipaddress.IPv4Address(name)) if _NUMBER.fullmatch(name) else name


def _mapped(name: str) -> str:
    """Return a name as UTS #46 maps it: lower-case, and with a dot wherever a script has one of its own."""
    import idna

    return idna.uts46_remap(name, std3_rules=False, transitional=False)


def _ascii_label(label: str) -> str:
    """Return a part of a name, which is in Punycode unless it is ASCII."""
    if not label.isascii():
        return "xn--" + label.encode("punycode").decode()
    if label.startswith("xn--"):
        meant = label[4:].encode().decode("punycode")
        if meant.isascii() or _mapped(meant) != meant:
            raise ValueError
    return label


def networks(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses and networks as they are."""
    for network in given:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise ValueError(f"{network!r} is not an address or network such as 127.0.0.1 or 10.0.0.0/8") from None
    return given


def token(given: str) -> str:
    """Return a bearer token as it is."""
    if given and (len(given) < 16 or not all("!" <= character <= "~" for character in given)):
        raise ValueError("must be at least 16 visible ASCII characters, such as those of `openssl rand -hex 32`")
    return given


def path(given: str) -> str:
    """Return a path as it is."""
    if any(character < " " or character == "\x7f" for character in given):
        raise ValueError("must not have control characters in it")
    return given
