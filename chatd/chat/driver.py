"""What reads the terminal."""

import sys

from textual.driver import Driver


def driver_class() -> type[Driver] | None:
    """Return Textual's way to read a terminal, but one that reads on after bytes that are not UTF-8.

    :returns: None where Textual has another way, on Windows.
    """
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class Forgiving(LinuxDriver):
        """Textual makes an end with a traceback of such bytes."""

        def run_input_thread(self) -> None:
            """Read what is typed; what came together with such bytes is lost, which a bell says."""
            while not self.exit_event.is_set():
                try:
                    super().run_input_thread()
                except UnicodeDecodeError:
                    self._app.call_later(self._app.bell)

    return Forgiving
