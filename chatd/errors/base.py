"""What all errors have in common, and what can go wrong anywhere."""

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

    def __init__(self, field: str, sentence: str) -> None:
        """Create the error.

        :param field: what is wrong, and why in a sentence.
        """
        super().__init__(f"{field}: {sentence}")
        self.errors = {field: [sentence]}


class Failed(ChatError):
    """Something went wrong on the server."""

    code = "internal_error"


class MalformedFrame(ChatError):
    """A frame is a JSON object with a type and an id."""

    code = "bad_frame"


class UnknownCommand(ChatError):
    """There is no such command."""

    code = "unknown_type"


class NotFound(ChatError):
    """It does not exist, or it is not yours."""

    code = "not_found"


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


class SlowMode(RateLimited):
    """This group is slow: wait before you write again."""

    code = "slow_mode"
