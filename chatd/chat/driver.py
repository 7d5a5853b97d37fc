"""What reads the terminal."""

import sys

from textual.driver import Driver


def driver_class() -> type[Driver] | None:
    """Return Textual's reader of a terminal, changed to read on after bytes that are not UTF-8.

    :returns: None on Windows, where Textual has another reader.
    """
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class Forgiving(LinuxDriver):
        """Textual ends with a traceback at such bytes."""

        def run_input_thread(self) -> None:
            """Read the keys; those that came together with such bytes are lost, and a bell rings."""
            while not self.exit_event.is_set():
                try:
                    super().run_input_thread()
                except UnicodeDecodeError:
                    self._app.call_later(self._app.bell)

    return Forgiving
