"""Who may do what is the same where each request goes to another process than the last."""

from tests.attackers.test_authorization import (
    test_everybody_is_answered_by_every_command_what_they_may_know as test_everybody_is_answered_by_every_command,
)
from tests.attackers.test_authorization import (
    test_everybody_is_answered_on_every_route_what_they_may_know as test_everybody_is_answered_on_every_route,
)
from tests.attackers.test_authorization import test_who_may_not_connect_is_told_nothing_of_the_log as test_strangers

__all__ = ["test_everybody_is_answered_by_every_command", "test_everybody_is_answered_on_every_route", "test_strangers"]
