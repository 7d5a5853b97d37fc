"""What clients see is the same where each of them is connected to another process than the last."""

from tests.ws.test_blocks import *  # noqa: F403
from tests.ws.test_classic import *  # noqa: F403
from tests.ws.test_v2_commands import *  # noqa: F403
from tests.ws.test_v2_order import *  # noqa: F403
from tests.ws.test_v2_sync import *  # noqa: F403
