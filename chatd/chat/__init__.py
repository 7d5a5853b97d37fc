"""``chatd chat``: a chat in a terminal. It is built on :mod:`chatd.client` and knows nothing else of chatd."""

from chatd.chat.login import run

__all__ = ["run"]
