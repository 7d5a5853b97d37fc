"""``chatd`` under a tracer, with another ``PRAGMA synchronous`` if one is given: ``launcher.py NORMAL serve …``."""

import ctypes
import functools
import sys
from typing import cast

from chatd import cli, serve
from chatd.storage.engine.sqlite.connections import Synchronous

#: See prctl(2): any process of ours may trace this one, where only its parents might otherwise.
PR_SET_PTRACER = 0x59616D61
PR_SET_PTRACER_ANY = -1

if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY))
    synchronous, *arguments = sys.argv[1:]
    if synchronous != "default":
        server = functools.partial(serve.Server, synchronous=cast(Synchronous, synchronous))
        serve.Server = server  # type: ignore[assignment,misc]
    raise SystemExit(cli.main(arguments))
