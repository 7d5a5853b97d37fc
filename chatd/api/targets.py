"""Checking the target of a request, its path and query, before it is used."""

from aiohttp import web
from marshmallow import ValidationError

from chatd.http.escapes import BAD_ESCAPE, shown, unescape


def check_target(request: web.Request, template: str) -> None:
    """Refuse a target with a malformed escape, which aiohttp would take literally.

    :param template: the route's path, such as ``/users/{id}``.
    :raises ValidationError: there is one; the error names its parameter.
    """
    if "%" not in request.raw_path:
        return
    path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
    for name, text in zip(template.split("/"), path.split("/"), strict=False):
        _check(name.strip("{}"), text)
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        _check(shown(_bytes(name)), name)
        _check(shown(_bytes(name)), value)


def _check(name: str, text: str) -> None:
    try:
        unescape(_bytes(text))
    except ValueError:
        raise ValidationError({name: [BAD_ESCAPE]}) from None


def _bytes(text: str) -> bytes:
    """Return the bytes of a part of a target, as they were sent."""
    return text.encode("utf-8", "surrogateescape")
