"""JSON answers, and one form for every error."""

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web
from aiohttp.helpers import rfc822_formatted_time

from chatd import schemas
from chatd.errors import Failed

#: What every answer says: no browser is to guess a type, or to tell where it came from.
ALWAYS = {"Server": "chatd", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

#: What every answer of the API says unless it says something else: it is for whoever asked, and nobody keeps it.
NO_STORE = {"Cache-Control": "no-store"}

_JSON = {"Content-Type": "application/json; charset=utf-8", **NO_STORE}

#: Sentences for errors that HTTP itself knows; the codes are the stable names clients see.
HTTP_ERRORS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request is not well formed."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    406: ("not_acceptable", "The request accepts no form of this that the server has."),
    408: ("request_timeout", "The request took too long to arrive."),
    413: ("too_large", "The request is larger than this server accepts."),
    414: ("uri_too_long", "The address of the request is too long for this server."),
    415: ("unsupported_media_type", "The body is of a kind that this server does not accept."),
    417: ("expectation_failed", "This server does not meet that expectation."),
    426: ("upgrade_required", "This address speaks WebSocket only."),
    431: ("header_too_large", "A header of the request is too large, or there are too many headers."),
    500: (Failed.code, Failed.sentence()),
}


class JsonResponse(web.Response):
    """An answer with a body of bytes and nothing else to it: no cookies, no compression, no chunks."""


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Answer with ``data`` as JSON in UTF-8."""
    return json_body(schemas.encode(data), status, headers)


def json_body(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Answer with what is JSON in UTF-8 already."""
    return JsonResponse(body=body, status=status, headers={**_JSON, **headers} if headers else _JSON)


def error_response(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Answer with an error.

    :param code: the stable name for programs.
    :param detail: one sentence for a person.
    :param errors: what is wrong with each field, for a validation error.
    """
    return json_response(schemas.error(code, detail, errors), status, headers)


def http_error(status: int, headers: Mapping[str, str] | None = None, detail: str | None = None) -> JsonResponse:
    """Answer with an error that HTTP itself knows.

    :param detail: a sentence that says more than the usual one.
    """
    code, sentence = HTTP_ERRORS.get(status) or HTTP_ERRORS[500 if status >= 500 else 400]
    return error_response(status, code, detail or sentence, headers=headers)


def from_exception(error: web.HTTPException) -> web.Response:
    """Give an exception of aiohttp the form every error has; what is no error stays as it is."""
    if error.status < 400 or error.content_type == "application/json":
        return error
    allow = {name: value for name, value in error.headers.items() if name == "Allow"}
    response = http_error(error.status, allow)
    if error.status == 408:
        response.force_close()
    return response


def complete(response: JsonResponse) -> None:
    """Add the headers that depend on the body and the hour."""
    response.headers["Content-Length"] = str(len(cast(bytes, response.body)))
    response.headers["Date"] = rfc822_formatted_time()


def whole(response: JsonResponse, headers: Mapping[str, str]) -> bytes:
    """Return all bytes of an answer that aiohttp does not write.

    :param headers: what it says besides its own headers.
    """
    response.headers.update(headers)
    complete(response)
    head = f"HTTP/1.1 {response.status} {response.reason}\r\n{_lines(response.headers)}\r\n"
    return head.encode() + cast(bytes, response.body)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def json_head(headers: Mapping[str, str]) -> bytes:
    """Return how an answer of 200 with JSON begins, for :func:`whole_json`.

    :param headers: what it says besides its own headers.
    """
    return f"HTTP/1.1 200 OK\r\n{_lines(_JSON)}{_lines(headers)}".encode()


def whole_json(head: bytes, body: bytes) -> bytes:
    """Return all bytes of an answer of 200.

    :param head: from :func:`json_head`.
    """
    date = rfc822_formatted_time().encode()
    return b"%bContent-Length: %d\r\nDate: %b\r\n\r\n%b" % (head, len(body), date, body)
