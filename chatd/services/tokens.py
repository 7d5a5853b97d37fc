"""Access tokens: JWTs signed with HS256 that name a user, a session, and when they end."""

import jwt

from chatd.errors import NotAuthenticated
from chatd.models import Identity, Session

_ALGORITHM = "HS256"
_REQUIRED = ["sub", "iat", "exp", "sid"]

#: The largest id or time: the largest integer that a JavaScript number holds exactly.
_LARGEST = 2**53 - 1


class Tokens:
    """Issues and reads tokens; it does not know whether a session still lives."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, session: Session) -> str:
        """Return a token for a session; both expire in the same second."""
        claims = {
            "sub": str(session.user_id),
            "sid": session.id,
            "iat": session.created_at // 1000,
            "exp": session.expires_at // 1000,
        }
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, token: str, now: int) -> Identity:
        """Return whom a token identifies.

        :param now: the current time, in UTC milliseconds since 1970.
        :raises NotAuthenticated: the signature is wrong, a claim is missing or malformed, or the token has expired.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
            raise NotAuthenticated from error
        subject, session_id, expires = claims["sub"], claims["sid"], claims["exp"]
        if not (subject.isascii() and subject.isdigit() and len(subject) <= 16):
            raise NotAuthenticated
        if type(session_id) is not int or type(expires) is not int or not 0 < session_id <= _LARGEST:
            raise NotAuthenticated
        if expires * 1000 <= now:
            raise NotAuthenticated
        return Identity(user_id=int(subject), session_id=session_id, expires_at=expires * 1000)
