"""What a client prefers: RFC 9110, section 12."""

from collections.abc import Collection, Iterable

from aiohttp import web

#: The codings a built file may have, best first, and what their copies' names end with.
SUFFIXES = {"br": ".br", "gzip": ".gz"}

IDENTITY = "identity"


def choose_coding(accept_encoding: Iterable[str] | None, available: Collection[str]) -> str | None:
    """Return the coding to send a file in, None where the client takes none of them.

    :param accept_encoding: the values of all ``Accept-Encoding`` headers; None where there are none, and then nothing
        is compressed.
    :param available: the codings there are besides ``identity``.
    """
    if accept_encoding is None:
        return IDENTITY
    weights = _weights(accept_encoding)
    others = weights.get("*", 0.0)
    offers = [(weights.get(coding, others), coding) for coding in SUFFIXES if coding in available]
    # Identity is welcome unless it is refused, but only asked for where it is named.
    refused = weights.get(IDENTITY, weights.get("*", 1.0)) == 0
    offers.append((0.0 if refused else max(weights.get(IDENTITY, 0.0), _LEAST), IDENTITY))
    weight, coding = max(offers, key=lambda offer: offer[0])
    return coding if weight > 0 else None


#: The header that only programs send: it bears a token.
PROGRAM_VARIES = "Authorization"

#: The headers that decide between a page and the API.
PAGE_VARIES = f"Accept, {PROGRAM_VARIES}, Sec-Fetch-Mode"


def bears_token(request: web.BaseRequest) -> bool:
    """Tell a program that bears a token, good or not, from everybody else."""
    return PROGRAM_VARIES in request.headers


def wants_page(request: web.BaseRequest) -> bool:
    """Tell a person who opens an address from a program that asks the API.

    Most browsers say what a request is for; others at least ask for ``text/html`` by name, and prefer it to JSON. A
    request with a token comes from a program, whatever its library says that it accepts.
    """
    headers = request.headers
    if bears_token(request):
        return False
    if headers.get("Sec-Fetch-Mode", "").lower() == "navigate":
        return True
    weights = _weights(headers.getall("Accept", ()))
    html, json = weights.get("text/html", 0.0), weights.get("application/json")
    if json is not None:
        return html > json
    # At the same weight, what is named comes before a wildcard; `*` is Java's way to write `*/*`.
    others = next((weights[name] for name in ("application/*", "*/*", "*") if name in weights), 0.0)
    return html > 0 and html >= others


#: Below the smallest weight a client can give, 0.001.
_LEAST = 0.0001


def _weights(values: Iterable[str]) -> dict[str, float]:
    """Return the items of a header's list with their weights; an item that makes no sense weighs nothing."""
    weights = {}
    for item in ",".join(values).lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                weight = _weight(value.strip())
        weights[name] = weight
    return weights


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 0.0
