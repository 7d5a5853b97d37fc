"""Checks of settings beyond their type.

Each function takes a well-typed value and returns it normalized, or raises ``ValueError`` with the reason, which never
repeats a secret.
"""

import ipaddress
import re

#: The ports that browsers leave out of an origin: RFC 6454, section 6.
DEFAULT_PORTS = {"http": 80, "https": 443}

#: An origin: its scheme, its host and perhaps the number of a port; no user and no path.
ORIGIN = re.compile(r"((?ai:https?))://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::([0-9]{1,5}))?")

#: The ASCII form of a host's name; letters of other scripts are mapped to it.
_NAME = re.compile(r"[a-z0-9._-]+", re.IGNORECASE)

#: The end of an address written in an old way: ``127.1`` and ``0x7f000001`` are 127.0.0.1, and ``0`` is everything.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)

#: The bits before an IPv4 address that is written as IPv6: RFC 4291, section 2.5.5.2.
_MAPPED_BITS = 96

#: The host of a database, and perhaps its port.
_DATABASE_HOST = r"(?:\[[^\]@/?]*\]|[^@/?:,\[\]]*)(?::[0-9]*)?"

#: The URL of a database, with every sign that divides it where it belongs:
#: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
_DATABASE = re.compile(
    rf"postgres(?:ql)?://(?:[^@/?]*@)?{_DATABASE_HOST}(?:,{_DATABASE_HOST})*(?:/[^@?]*)?(?:\?[^@]*)?", re.IGNORECASE
)

#: A sign of percent that is not followed by what it stands for; nothing may stand for the end of a text.
_NOT_ENCODED = re.compile(r"%(?![0-9A-F]{2})|%00", re.IGNORECASE)

#: Quotes around values in a file of variables, which Docker's ``--env-file`` does not remove.
_QUOTES = ('"', "'")


def hosts(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses and names to listen on, each once. An empty one is refused: it would mean every address."""
    if not given:
        raise ValueError("must be an address such as 127.0.0.1, or :: for every address")
    return tuple(dict.fromkeys(_host(each.strip()) for each in given))


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        is_name = all(not each.isascii() or _NAME.fullmatch(each) for each in text)
        if not text or not is_name or _NUMBER.fullmatch(text):
            raise ValueError(
                f"{text!r} is neither an address such as 127.0.0.1 nor the name of a host; use :: for every address"
            ) from None
        return text
    if isinstance(address, ipaddress.IPv6Address):
        if address.is_link_local and not address.scope_id:
            raise ValueError(f"{text!r} is an address on one link alone: name its interface, as {bare}%eth0 does")
        address = address.ipv4_mapped or address  # a socket of IPv6 takes none of IPv4 here
    return str(address)


def origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return origins as browsers write them in the header ``Origin``."""
    return tuple(dict.fromkeys(_origin(each) for each in given))


def _origin(text: str) -> str:
    match = ORIGIN.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        scheme, host = match[1].lower(), browsers_host(match[2])
        port = int(match[3] or DEFAULT_PORTS[scheme])
        if not 0 < port <= 65535:
            raise ValueError
    except ValueError:
        raise ValueError(f"{text!r} is not an origin such as https://chat.example.org") from None
    return f"{scheme}://{host}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def browsers_host(host: str) -> str:
    """Return the host of a URL as browsers write it: https://url.spec.whatwg.org/#host-parsing

    :raises ValueError: it is not a host.
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
    """Return a name as UTS #46 maps it: in lower case, with plain dots."""
    import idna

    return idna.uts46_remap(name, std3_rules=False, transitional=False)


def _ascii_label(label: str) -> str:
    """Return a label of a name, in Punycode unless it is ASCII."""
    if not label.isascii():
        return "xn--" + label.encode("punycode").decode()
    if label.startswith("xn--"):
        meant = label[4:].encode().decode("punycode")
        if meant.isascii() or _mapped(meant) != meant:
            raise ValueError
    return label


def networks(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses and networks, with IPv4 written as IPv6 made plain IPv4, as clients' addresses are compared."""
    return tuple(_network(each) for each in given)


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an address or network such as 127.0.0.1 or 10.0.0.0/8") from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return str(ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS)))
    return text


def token(given: str) -> str:
    """Return a bearer token as it is."""
    if given and (len(given) < 16 or not all("!" <= character <= "~" for character in given)):
        raise ValueError("must be at least 16 visible ASCII characters, such as those of `openssl rand -hex 32`")
    if given[:1] in _QUOTES and given[:1] == given[-1:]:
        raise ValueError("must be given without quotation marks around it")
    return given


#: The most characters of the community's name, as of a user's, and of a sentence.
_NAME_MAX, _SENTENCE_MAX = 50, 500


def community(given: str) -> str:
    """Return the name of a community, without spaces around it."""
    name = given.strip(" ")
    if not any(character.isalnum() for character in name):
        raise ValueError("must have a letter or a digit")
    return _line(name, _NAME_MAX)


def sentence(given: str) -> str:
    """Return a sentence for people, without spaces around it; it may be empty."""
    return _line(given.strip(" "), _SENTENCE_MAX)


def _line(text: str, at_most: int) -> str:
    if len(text) > at_most:
        raise ValueError(f"must have at most {at_most} characters")
    if not text.isprintable():
        raise ValueError("must be one line, without control characters or others that cannot be seen")
    return text


def path(given: str) -> str:
    """Return a path as it is. One that only a shell would expand is refused: it would name a new directory."""
    if any(character < " " or character == "\x7f" for character in given):
        raise ValueError("must not contain control characters")
    if given != given.strip():
        raise ValueError("must not begin or end with a space")
    if given[:1] in _QUOTES:
        raise ValueError("must be given without quotation marks around it")
    if given[:1] in ("$", "%"):
        raise ValueError(f"{given!r} has a variable in it, which is not replaced here; ~ is the home directory")
    if "://" in given:
        raise ValueError(f"{given!r} is a URL, and not a path such as /var/lib/chatd")
    return given


def database_url(text: str) -> str:
    """Return the address of PostgreSQL; what follows the scheme is for its own library to understand.

    A sign of a password that is not encoded would end up as a part of a host, a port or a name, and in an error of that
    library. So whatever may be one is refused here, in words that repeat none of it.
    """
    if text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    if any(character.isspace() for character in text):
        raise ValueError("must have no spaces in it: one of a password is %20")
    if text and not _DATABASE.fullmatch(text):
        raise ValueError("must have the signs of a password encoded: @ is %40, : is %3A, / is %2F, ? is %3F")
    if _NOT_ENCODED.search(text):
        raise ValueError("must have no % that encodes nothing: one of a password is %25")
    return text
