"""The forms of blocks, reports, accounts as administrators see them, and deleting one."""

from typing import Any, get_args

from marshmallow import fields, pre_dump, validate

from chatd.models import Account, Role
from chatd.schemas.answers import BriefSchema
from chatd.schemas.fields import ID_LIMIT, BaseSchema, Digits, RequestSchema, Text, Timestamp, id_field

#: The most code points of a report's reason.
REASON_MAX = 500


class BlockSchema(BaseSchema):
    """Somebody the caller blocks."""

    user = fields.Nested(BriefSchema, required=True)
    created_at = Timestamp(required=True)


class ReportSchema(BaseSchema):
    """A report, with the message as the caller saw it; without it once the report is resolved."""

    id = id_field()
    message_id = id_field()
    sender = fields.Nested(BriefSchema, required=True)
    reason = fields.String(required=True)
    content = fields.String(required=True)
    created_at = Timestamp(required=True)
    resolved_at = Timestamp(required=True, allow_none=True)


class BlocksQuery(BaseSchema):
    """Which part of the list of blocked people."""

    skip = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=100, load_default=100)


class ReportBody(RequestSchema):
    """Why a message is reported."""

    reason = Text(required=True, min_length=1, max_length=REASON_MAX)


class DeleteAccountBody(RequestSchema):
    """The password of the account to delete."""

    password = Text(required=True, metadata={"format": "password"})


class AccountsQuery(BaseSchema):
    """Which accounts."""

    q = Text(max_length=100, metadata={"description": "Part of a username or nickname."})
    after = Digits(at_least=0, at_most=ID_LIMIT - 1, load_default=0)
    limit = Digits(at_least=1, at_most=100, load_default=50)


class AccountSchema(BriefSchema):
    """An account, as administrators see it."""

    role = fields.String(required=True, validate=validate.OneOf(get_args(Role)))
    created_at = Timestamp(required=True)
    last_seen_at = Timestamp(
        required=True, allow_none=True, metadata={"description": "In its sessions; null where it has none."}
    )
    disabled_at = Timestamp(required=True, allow_none=True)

    @pre_dump
    def _flat(self, account: Account, **kwargs: Any) -> dict[str, Any]:
        names = [name for name in self.fields if name != "last_seen_at"]
        return {**{name: getattr(account.user, name) for name in names}, "last_seen_at": account.last_seen_at}


class AccountPageSchema(BaseSchema):
    """Accounts by user id."""

    accounts = fields.List(fields.Nested(AccountSchema), required=True)
    more = fields.Boolean(required=True)
