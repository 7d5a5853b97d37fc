"""JSON as clients see it: no other room knows the name of a field.

These schemas load bodies and queries and dump answers; the OpenAPI page, the web client's types and the tables of the
documents are generated from them.
"""

from chatd.schemas.answers import (
    BriefSchema,
    HealthSchema,
    HistorySchema,
    LastMessageSchema,
    MeSchema,
    MessageSchema,
    OverviewSchema,
    OverviewsSchema,
    SessionSchema,
    SuccessSchema,
    TicketSchema,
    TokenSchema,
    UnreadCountSchema,
    UploadSchema,
    UserSchema,
    WebClientSchema,
)
from chatd.schemas.classic import CLASSIC_PONG, classic_new_message, is_ping
from chatd.schemas.codec import BeyondReason, decode, encode
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, Text, Timestamp, id_field, iso_time
from chatd.schemas.problems import ErrorSchema, Problem, error, problem
from chatd.schemas.requests import (
    CLIENT_ID_MAX,
    PROFILE_MAX,
    ChangePasswordBody,
    LoginForm,
    PageQuery,
    PathFilename,
    PathId,
    ProfileBody,
    RegisterBody,
    SendBody,
    UserSearchQuery,
)
from chatd.schemas.texts import CONTENT_MAX, NAME_MAX, PASSWORD_MAX_BYTES, refuse_new_texts, refuse_username_as_password

__all__ = [
    "CLASSIC_PONG",
    "CLIENT_ID_MAX",
    "CONTENT_MAX",
    "ID_LIMIT",
    "NAME_MAX",
    "PASSWORD_MAX_BYTES",
    "PROFILE_MAX",
    "BaseSchema",
    "BeyondReason",
    "BriefSchema",
    "ChangePasswordBody",
    "Digits",
    "ErrorSchema",
    "HealthSchema",
    "HistorySchema",
    "LastMessageSchema",
    "LoginForm",
    "MeSchema",
    "MessageSchema",
    "OverviewSchema",
    "OverviewsSchema",
    "PageQuery",
    "PathFilename",
    "PathId",
    "Problem",
    "ProfileBody",
    "RegisterBody",
    "SendBody",
    "SessionSchema",
    "SuccessSchema",
    "Text",
    "TicketSchema",
    "Timestamp",
    "TokenSchema",
    "UnreadCountSchema",
    "UploadSchema",
    "UserSchema",
    "UserSearchQuery",
    "WebClientSchema",
    "classic_new_message",
    "decode",
    "encode",
    "error",
    "id_field",
    "is_ping",
    "iso_time",
    "problem",
    "refuse_new_texts",
    "refuse_username_as_password",
]
