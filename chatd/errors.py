"""What can go wrong in a chat. A kind's docstring is its sentence; HTTP and frames are decided elsewhere."""

from typing import ClassVar


class ChatError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail or type(self).sentence()
        super().__init__(self.detail)

    @classmethod
    def sentence(cls) -> str:
        """Return the sentence a person reads: the kind's docstring."""
        return (cls.__doc__ or "").strip()


class Invalid(ChatError):
    """A value is missing, of the wrong type, or out of range."""

    code = "validation_error"


class Failed(ChatError):
    """Something went wrong on the server."""

    code = "internal_error"


class MalformedFrame(ChatError):
    """A frame is a JSON object with a type and an id."""

    code = "bad_frame"


class UnknownCommand(ChatError):
    """There is no such command."""

    code = "unknown_type"


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


class NotFound(ChatError):
    """It does not exist, or it is not yours."""

    code = "not_found"


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


class ConversationNotFound(NotFound):
    """There is no such conversation."""


class MessageNotFound(NotFound):
    """There is no such message."""


class GroupNotFound(NotFound):
    """There is no such group."""


class GroupInviteInvalid(NotFound):
    """This code lets nobody in: it is unknown, has ended, was used up or was taken back."""

    code = "invite_invalid"


class Forbidden(ChatError):
    """Your role in the group does not let you do this."""

    code = "forbidden"


class NotYours(Forbidden):
    """Only its sender may change a message."""


class GroupFull(ChatError):
    """The group has as many members as it may have."""

    code = "group_full"


class TooManyGroups(ChatError):
    """You are in as many groups as you may be in."""

    code = "too_many_groups"


class TooManyInvites(ChatError):
    """The group has as many codes as it may have."""

    code = "too_many_invites"


class TooManyAdmins(ChatError):
    """The group has as many admins as it may have."""

    code = "too_many_admins"


class NameDiffers(ChatError):
    """This is not the name of the group."""

    code = "name_differs"


class MessageDeleted(ChatError):
    """The message has been deleted."""

    code = "message_deleted"


class TooManyReactions(ChatError):
    """There are enough reactions of yours on this message."""

    code = "too_many_reactions"


class ResyncNeeded(ChatError):
    """The change log does not reach back to there: load the conversations again."""

    code = "resync"


class CannotMessageSelf(ChatError):
    """A message needs somebody else to receive it."""

    code = "cannot_message_self"


class Blocked(ChatError):
    """You have blocked this person: unblock them to write to them."""

    code = "blocked"


class CannotBlockSelf(ChatError):
    """Nobody can block themselves."""

    code = "cannot_block_self"


class CannotReportOwn(ChatError):
    """A message of your own cannot be reported."""

    code = "cannot_report_own"


class ReportNotFound(NotFound):
    """There is no such report, or it is resolved already."""


class ClientIdReused(ChatError):
    """This client_id was already used for a different message."""

    code = "client_id_reused"


class TooManyConnections(ChatError):
    """The server has as many connections as it may take; try again later."""

    code = "too_many_connections"


class StorageUnavailable(ChatError):
    """The server cannot store anything right now; nothing was changed."""

    code = "storage_unavailable"


class RateLimited(ChatError):
    """Too many requests; wait a moment."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        """Create the error.

        :param retry_after: seconds until the next try can succeed.
        """
        super().__init__()
        self.retry_after = retry_after


class ConfigurationError(Exception):
    """The server cannot start as it is configured. The text is one line for the operator."""


class AlreadyServed(ConfigurationError):
    """Another server uses the data directory. The text is one line for the operator."""


class DatabaseUnusable(Exception):
    """The database file cannot be used by this program. The text is one line for the operator."""


class BackupFailed(Exception):
    """A backup could not be made. The text is one line for the operator."""
