"""How much is tried where more is always possible: enough in every run, a multiple where somebody asks for it."""

import os

THOROUGH = os.environ.get("LEARNTRACK_TEST_THOROUGH", "") not in ("", "0")


def usually(some: int, thoroughly: int) -> int:
    """How often to try: `some` times in every run, `thoroughly` where LEARNTRACK_TEST_THOROUGH is set."""
    return thoroughly if THOROUGH else some
