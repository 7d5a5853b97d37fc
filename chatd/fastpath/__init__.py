"""The fast path: everything that uses private parts of aiohttp, and the choice whether to use it.

The public way is in :mod:`chatd.http`, whose classes are the base of these. It does the same, but more slowly. It is
taken if the installed aiohttp lacks anything that :mod:`chatd.fastpath.check` looks for.
"""

from functools import partial

from chatd.fastpath.check import missing
from chatd.http.context import Directly
from chatd.http.listener import ProtocolFactory
from chatd.http.protocol import Protocol
from chatd.http.socket import Socket

#: What the fast path needs and the installed aiohttp lacks; it is used only if this is empty.
MISSING = missing()

_socket: type[Socket] = Socket

if not MISSING:  # otherwise these modules may fail to import
    from chatd.fastpath.protocol import FastProtocol
    from chatd.fastpath.socket import FastSocket

    _socket = FastSocket


def protocol(directly: Directly | None, *, fast: bool = True) -> ProtocolFactory:
    """Return the factory of connections' protocols.

    :param directly: answers some requests inside the reader; only the fast path calls it.
    :param fast: False always takes the public way.
    """
    return partial(FastProtocol, directly) if fast and not MISSING else Protocol


def socket_type(*, fast: bool = True) -> type[Socket]:
    """Return the class of WebSockets.

    :param fast: False always takes the public way.
    """
    return _socket if fast else Socket
