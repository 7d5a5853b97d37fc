"""What can go wrong in groups."""

from chatd.errors.base import ChatError, NotFound


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


class Silenced(ChatError):
    """You are silenced in this group: you can read, and delete what is yours."""

    code = "silenced"

    def __init__(self, until: int) -> None:
        """Create the error.

        :param until: when that ends.
        """
        super().__init__()
        self.until = until


class Banned(ChatError):
    """You are banned from this group."""

    code = "banned"


class ActionNotFound(NotFound):
    """There is no such action in this group."""


class AlreadyUndone(ChatError):
    """This was undone before."""

    code = "already_undone"


class TooLate(ChatError):
    """It is too late to undo this: what it removed is erased."""

    code = "too_late"


class NotInForce(ChatError):
    """Only a ban or a silence can end."""

    code = "not_in_force"


class GroupFull(ChatError):
    """The group has as many members as it may have."""

    code = "group_full"


class GroupTooLarge(ChatError):
    """The group is too large for that."""

    code = "group_too_large"


class TooManyGroups(ChatError):
    """You are in as many groups as you may be in."""

    code = "too_many_groups"


class TooManyInvites(ChatError):
    """The group has as many codes as it may have."""

    code = "too_many_invites"


class TooManyJoinRequests(ChatError):
    """You ask to join as many groups as you may at once."""

    code = "too_many_join_requests"


class TooManyPins(ChatError):
    """The group has as many pinned messages as it may have."""

    code = "too_many_pins"


class TooManyAdmins(ChatError):
    """The group has as many admins as it may have."""

    code = "too_many_admins"


class NameDiffers(ChatError):
    """This is not the name of the group."""

    code = "name_differs"
