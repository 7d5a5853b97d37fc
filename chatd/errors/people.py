"""What can go wrong with accounts, and with signing in."""

from chatd.errors.base import ChatError, NotFound


class NotAuthenticated(ChatError):
    """Sign in first: the token is missing, invalid or expired."""

    code = "not_authenticated"


class AccountUnavailable(NotAuthenticated):
    """This account does not exist or may not connect."""

    code = "account_unavailable"


class WrongCredentials(ChatError):
    """Wrong username or password."""

    code = "wrong_credentials"


class WrongPassword(ChatError):
    """The old password is wrong."""

    code = "wrong_password"


class UsernameTaken(ChatError):
    """This username is already taken."""

    code = "username_taken"


class RegistrationClosed(ChatError):
    """This server does not accept new accounts."""

    code = "registration_closed"


class InviteInvalid(ChatError):
    """The invitation is missing, unknown, expired or already used."""

    code = "invite_invalid"


class AdministratorsOnly(ChatError):
    """Only an administrator may do this."""

    code = "administrators_only"


class CannotDisableSelf(ChatError):
    """Nobody can disable their own account."""

    code = "cannot_disable_self"


class SettingFixed(ChatError):
    """The server's configuration says what this is."""

    code = "setting_fixed"

    def __init__(self, name: str, place: str) -> None:
        """Create the error.

        :param name: the setting.
        :param place: where the configuration says what it is: a file, or a variable.
        """
        super().__init__(f"{self.sentence()} {name} is set by {place}.")


class UserNotFound(NotFound):
    """There is no such user."""


class SessionNotFound(ChatError):
    """There is no such session."""

    code = "session_not_found"


class AvatarNotFound(ChatError):
    """There is no such picture."""

    code = "avatar_not_found"


class UnsupportedImage(ChatError):
    """The file is not a picture this server can read: JPEG, PNG, GIF or WebP."""

    code = "unsupported_image"


class PicturesUnavailable(ChatError):
    """The server cannot read pictures right now."""

    code = "pictures_unavailable"


class TooManyConnections(ChatError):
    """The server has as many connections as it may take; try again later."""

    code = "too_many_connections"
