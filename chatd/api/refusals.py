"""Errors as REST answers.

What a client learns about an error is decided by :func:`chatd.schemas.problem`; sockets render the same in a frame.
"""

import logging

from marshmallow import ValidationError

from chatd import schemas
from chatd.api.bodies import MalformedForm, MalformedJson
from chatd.api.media_types import UnsupportedMediaType
from chatd.errors import (
    AccountUnavailable,
    ActionNotFound,
    AdministratorsOnly,
    AlreadyUndone,
    AvatarNotFound,
    Banned,
    Blocked,
    CannotBlockSelf,
    CannotDisableSelf,
    CannotMessageSelf,
    CannotReportOwn,
    ChatError,
    ClientIdReused,
    ConversationNotFound,
    Failed,
    Forbidden,
    GroupFull,
    GroupInviteInvalid,
    GroupNotFound,
    GroupTooLarge,
    Invalid,
    InviteInvalid,
    MessageDeleted,
    MessageNotFound,
    MessageRemoved,
    NameDiffers,
    NotAuthenticated,
    NotFound,
    NotInForce,
    NotYours,
    PicturesUnavailable,
    RateLimited,
    RegistrationClosed,
    ReportNotFound,
    ResyncNeeded,
    SessionNotFound,
    SettingFixed,
    Silenced,
    SlowMode,
    StorageUnavailable,
    TooLate,
    TooManyAdmins,
    TooManyConnections,
    TooManyGroups,
    TooManyInvites,
    TooManyJoinRequests,
    TooManyPins,
    TooManyReactions,
    UnsupportedImage,
    UsernameTaken,
    UserNotFound,
    WrongCredentials,
    WrongPassword,
)
from chatd.http.answers import JsonResponse, error_response

log = logging.getLogger(__name__)

#: The HTTP status of each kind of error.
STATUS: dict[type[ChatError], int] = {
    Invalid: 422,
    Failed: 500,
    NotAuthenticated: 401,
    AccountUnavailable: 401,
    WrongCredentials: 401,
    MalformedJson: 400,
    MalformedForm: 400,
    UnsupportedMediaType: 415,
    WrongPassword: 400,
    UnsupportedImage: 400,
    UsernameTaken: 400,
    RegistrationClosed: 403,
    InviteInvalid: 403,
    AdministratorsOnly: 403,
    NotFound: 404,
    UserNotFound: 404,
    SessionNotFound: 404,
    AvatarNotFound: 404,
    ConversationNotFound: 404,
    MessageNotFound: 404,
    ReportNotFound: 404,
    GroupNotFound: 404,
    GroupInviteInvalid: 404,
    NotYours: 403,
    Forbidden: 403,
    NameDiffers: 409,
    SettingFixed: 409,
    Silenced: 403,
    Banned: 403,
    AlreadyUndone: 409,
    NotInForce: 409,
    TooLate: 410,
    ActionNotFound: 404,
    MessageDeleted: 409,
    MessageRemoved: 409,
    TooManyReactions: 409,
    GroupFull: 409,
    GroupTooLarge: 409,
    TooManyGroups: 409,
    TooManyInvites: 409,
    TooManyJoinRequests: 409,
    TooManyPins: 409,
    TooManyAdmins: 409,
    ResyncNeeded: 409,
    CannotMessageSelf: 400,
    CannotBlockSelf: 400,
    CannotDisableSelf: 400,
    CannotReportOwn: 400,
    Blocked: 403,
    ClientIdReused: 409,
    RateLimited: 429,
    SlowMode: 429,
    PicturesUnavailable: 503,
    StorageUnavailable: 503,
    TooManyConnections: 503,
}


def refusal(error: Exception, what: str, number: int) -> JsonResponse:
    """Return the answer to a request that raised an error.

    An unexpected error is logged, and the client learns only that something failed.

    :param what: the request's method and path, for the log.
    :param number: the request's number, for the log.
    """
    if isinstance(error, ValidationError):
        status = STATUS[Invalid]
    elif isinstance(error, ChatError):
        status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    else:
        log.error("%s failed", what, exc_info=error, extra={"event": "request_failed", "request": number})
        status = STATUS[Failed]
    problem = schemas.problem(error)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}.get(status, {})
    if problem.retry_after is not None:
        headers = {"Retry-After": str(max(1, -int(-problem.retry_after // 1)))}
    return error_response(
        status, problem.code, problem.detail, errors=problem.errors, until=problem.until, headers=headers
    )
