"""How often a caller may ask: a sliding window of a minute, counted in each worker process."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from litestar.exceptions import TooManyRequestsException

from learntrack.settings import Settings


class RateLimit:
    """The limits of anonymous callers, by address, and of signed-in ones, by user; 0 is none."""

    def __init__(self, settings: Settings) -> None:
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limits = {
            anonymous: RateLimitItemPerMinute(most) if most else None
            for anonymous, most in ((True, settings.rate_limit_anonymous), (False, settings.rate_limit_signed_in))
        }

    def count(self, caller: str, *, anonymous: bool) -> None:
        """Count a request.

        Raises:
            TooManyRequestsException: it is one too many; Retry-After says when to come back.

        """
        limit = self._limits[anonymous]
        if limit is None or self._window.hit(limit, caller):
            return
        wait = self._window.get_window_stats(limit, caller).reset_time - time.time()
        whose = "from one address without a valid token" if anonymous else "of one signed-in user"
        raise TooManyRequestsException(
            f"Too many requests: at most {limit.amount} a minute {whose}.",
            headers={"Retry-After": str(max(1, math.ceil(wait)))},
        )
