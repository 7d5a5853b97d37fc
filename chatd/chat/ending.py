"""How a chat ends other than by its user."""


class Ending(Exception):
    """Why a chat ended that its user did not leave; ``sign_in`` is whether a new login would help."""

    def __init__(self, why: str, *, sign_in: bool = False) -> None:
        super().__init__(why)
        self.sign_in = sign_in
