"""JSON answers, and one form for every error."""

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web
from aiohttp.helpers import rfc822_formatted_time

from chatd import schemas
from chatd.errors import Failed

#: Headers of every answer: browsers must not guess a type, nor send a referrer.
ALWAYS = {"Server": "chatd", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

#: The default for answers of the API: they are for one client only, and no cache may store them.
NO_STORE = {"Cache-Control": "no-store"}

_JSON = {"Content-Type": "application/json; charset=utf-8", **NO_STORE}

#: Code and sentence for errors of HTTP itself. Clients rely on the codes.
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
    """An answer with a body of bytes, and without cookies, compression or chunks."""


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Answer with ``data`` as JSON in UTF-8."""
    return json_body(schemas.encode(data), status, headers)


def json_body(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Answer with a body that is already JSON in UTF-8."""
    return JsonResponse(body=body, status=status, headers={**_JSON, **headers} if headers else _JSON)


def error_response(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Mapping[str, Any] | None = None,
    until: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Answer with an error.

    :param code: a stable name, for programs.
    :param detail: one sentence, for people.
    :param errors: the problems of each field, for a validation error.
    :param until: when what is in the way ends by itself.
    """
    return json_response(schemas.error(code, detail, errors, until), status, headers)


def http_error(status: int, headers: Mapping[str, str] | None = None, detail: str | None = None) -> JsonResponse:
    """Answer with an error of HTTP itself.

    :param detail: replaces the usual sentence.
    """
    code, sentence = HTTP_ERRORS.get(status) or HTTP_ERRORS[500 if status >= 500 else 400]
    return error_response(status, code, detail or sentence, headers=headers)


def from_exception(error: web.HTTPException) -> web.Response:
    """Turn an exception of aiohttp into our form of errors; return it unchanged if it is no error."""
    if error.status < 400 or error.content_type == "application/json":
        return error
    allow = {name: value for name, value in error.headers.items() if name == "Allow"}
    response = http_error(error.status, allow)
    if error.status == 408:
        response.force_close()
    return response


def complete(response: JsonResponse) -> None:
    """Add Content-Length and Date."""
    response.headers["Content-Length"] = str(len(cast(bytes, response.body)))
    response.headers["Date"] = rfc822_formatted_time()


def whole(response: JsonResponse, headers: Mapping[str, str]) -> bytes:
    """Return a whole answer as bytes, for where aiohttp does not write it.

    :param headers: added to its own.
    """
    response.headers.update(headers)
    complete(response)
    head = f"HTTP/1.1 {response.status} {response.reason}\r\n{_lines(response.headers)}\r\n"
    return head.encode() + cast(bytes, response.body)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def json_head(headers: Mapping[str, str]) -> bytes:
    """Return the constant part of the head of a 200 with JSON, for :func:`whole_json`.

    :param headers: added to the usual ones.
    """
    return f"HTTP/1.1 200 OK\r\n{_lines(_JSON)}{_lines(headers)}".encode()


def whole_json(head: bytes, body: bytes) -> bytes:
    """Return a whole 200 answer as bytes.

    :param head: from :func:`json_head`.
    """
    date = rfc822_formatted_time().encode()
    return b"%bContent-Length: %d\r\nDate: %b\r\n\r\n%b" % (head, len(body), date, body)
