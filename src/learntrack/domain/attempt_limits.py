"""What one attempt may be, and what is said of interactions that fit none."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class AttemptLimits:
    """How large one attempt may grow: interactions in its history, and bytes as JSON."""

    interactions: int = 1000
    size: int = 1024 * 1024


class UnknownAttempt(Exception):
    """An interaction names an attempt that its try does not have.
    `position` is the interaction's place in the request.
    """

    def __init__(self, position: int) -> None:
        super().__init__("Invalid attempt id specified.")
        self.position = position


class AttemptTooLarge(Exception):
    """An attempt has more interactions, or more bytes, than one attempt may have. `position` is the place in the
    request of the interaction with which it begins to go on.
    """

    def __init__(self, position: int) -> None:
        super().__init__("The attempt is too large.")
        self.position = position
