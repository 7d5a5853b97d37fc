"""Every REST route: each noun declares its own, and this is where they meet."""

from chatd.api import (
    account,
    accounts,
    actions,
    auth,
    blocks,
    community,
    conversations,
    events,
    exports,
    files,
    groups,
    health,
    invites,
    joining,
    mentions,
    messages,
    people,
    private_messages,
    reactions,
    reports,
    sessions,
)
from chatd.api.endpoint import Route
from chatd.config import Config


def routes(config: Config, *, poll_check_interval: float = events.POLL_CHECK_INTERVAL) -> list[Route]:
    """Return every REST route, in the order in which paths are matched.

    :param poll_check_interval: how often a long poll checks on its client, in seconds.
    """
    return [
        *auth.routes(config),
        *sessions.routes(),
        *people.routes(config),
        *account.routes(config),
        *exports.routes(),
        *blocks.routes(),
        *files.routes(),
        *private_messages.routes(),
        *conversations.routes(),
        *messages.routes(),
        *events.routes(poll_check_interval),
        *reports.routes(),
        *reactions.routes(),
        *invites.routes(),
        *community.routes(),
        *accounts.routes(),
        *groups.routes(),
        *joining.routes(),
        *actions.routes(),
        *mentions.routes(),
        *health.routes(),
    ]
