"""Who may do what only administrators of the server may."""

from chatd.errors import AdministratorsOnly
from chatd.storage import users
from chatd.storage.engine import Sql


def require_administrator(db: Sql, user_id: int) -> None:
    """Require that a user is an administrator of the server.

    :raises AdministratorsOnly: they are not.
    """
    if users.require(db, user_id).role != "admin":
        raise AdministratorsOnly
