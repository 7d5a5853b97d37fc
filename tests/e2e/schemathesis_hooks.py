"""For schemathesis: every request is a signed-in user's, also after one has ended the session."""

import contextlib
import json
import os
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import schemathesis

ADDRESS = urlsplit(os.environ["CHATD_TESTED"]).netloc
CREDENTIALS = {"username": os.environ["CHATD_TESTED_USER"], "password": os.environ["CHATD_TESTED_PASSWORD"]}


def ask(method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any]:
    """Return the status and JSON of an answer."""
    with contextlib.closing(HTTPConnection(ADDRESS, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, json.load(response)


@schemathesis.auth(refresh_interval=None)
class SignedIn:
    """A token that works."""

    def __init__(self) -> None:
        self._token = ""

    def get(self, case: Any, context: Any) -> str:
        """Return the token of before, or a new one where it does not work any more."""
        status, _ = ask("GET", "/auth/me", Authorization=f"Bearer {self._token}")
        if status == 401:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            _, answer = ask("POST", "/auth/login", urlencode(CREDENTIALS), **form)
            self._token = answer["access_token"]
        return self._token

    def set(self, case: Any, data: str, context: Any) -> None:
        """Put the token into a request."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
