"""The versions of aiohttp whose private parts were read."""

import aiohttp

KNOWN_VERSIONS = ("3.14.",)


def aiohttp_is_known() -> bool:
    """Tell whether the installed aiohttp is one of :data:`KNOWN_VERSIONS`: in any other, what uses private parts of it
    and can do without goes the public way."""
    return aiohttp.__version__.startswith(KNOWN_VERSIONS)
