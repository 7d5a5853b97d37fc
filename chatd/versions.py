"""The versions of aiohttp whose private parts were read."""

import aiohttp

KNOWN_VERSIONS = ("3.14.",)


def aiohttp_is_known() -> bool:
    """Tell whether the installed aiohttp is one of them: in any other, what can do without private parts does."""
    return aiohttp.__version__.startswith(KNOWN_VERSIONS)
