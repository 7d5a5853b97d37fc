"""What chat does: each service checks the rules, owns the transaction, and submits the write."""

from dataclasses import dataclass

from chatd.services.accounts import Accounts
from chatd.services.actions import Actions
from chatd.services.administration import Administration
from chatd.services.approvals import Approvals
from chatd.services.avatars import Avatars
from chatd.services.backups import Backups
from chatd.services.blocks import Blocks
from chatd.services.community import Communities
from chatd.services.erasure import Erasure
from chatd.services.exports import Exports
from chatd.services.forgetting import Forgetting
from chatd.services.group_erasure import GroupErasure
from chatd.services.groups import Groups
from chatd.services.health import Health
from chatd.services.histories import Histories
from chatd.services.invitations import Invitations
from chatd.services.invites import Invites
from chatd.services.messages import Messages
from chatd.services.reports import Reports
from chatd.services.sessions import Sessions
from chatd.services.sync import Sync
from chatd.services.tickets import Tickets
from chatd.storage.database import Database

__all__ = [
    "Accounts",
    "Actions",
    "Administration",
    "Approvals",
    "Avatars",
    "Backups",
    "Blocks",
    "Communities",
    "Erasure",
    "Exports",
    "Forgetting",
    "GroupErasure",
    "Groups",
    "Health",
    "Histories",
    "Invitations",
    "Invites",
    "Messages",
    "Reports",
    "Services",
    "Sessions",
    "Sync",
    "Tickets",
]


@dataclass(frozen=True, slots=True)
class Services:
    """All services, for the doors that use them."""

    database: Database

    accounts: Accounts
    community: Communities
    administration: Administration
    sessions: Sessions
    tickets: Tickets
    messages: Messages
    avatars: Avatars
    backups: Backups
    sync: Sync
    health: Health
    histories: Histories
    blocks: Blocks
    reports: Reports
    exports: Exports
    invites: Invites
    groups: Groups
    invitations: Invitations
    approvals: Approvals
    actions: Actions
