"""What the community that runs the server is called, looks like, and whom it lets in."""

from collections.abc import Mapping

from chatd.records import Record


class Community(Record):
    """What holds now.

    :ivar registration: who may register: anybody (open), who has a code (invite), nobody (closed).
    :ivar picture: its picture as WebP; empty if there is none.
    :ivar picture_path: where browsers find the picture; empty if there is none.
    :ivar fixed: where the configuration says what holds, by the name of the setting.
    :ivar chosen: the names of the settings that an administrator has chosen in the browser.
    """

    name: str
    registration: str
    picture: bytes
    picture_path: str
    fixed: Mapping[str, str]
    chosen: tuple[str, ...] = ()
