"""Writing to several collections in one command (`bulkWrite`), where the database lets it be done just now.

What a server says of itself does not tell: MongoDB 8.0 refuses the command as long as its feature compatibility version
is 7.0, as in every upgrade, which only administrators may ask; and after an election the primary may be a member that
is still a 7.0 one, with which the driver refuses.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pymongo.errors import ClientBulkWriteException, InvalidOperation, OperationFailure

from learntrack.storage.errors import TRANSIENT, cause_of

_PAUSE_SECONDS = 60.0
_NOT_SUPPORTED = {
    59,  # CommandNotFound
    115,  # CommandNotSupported
}


class WritesTogether:
    """Whether writes to several collections may go in one command.

    Args:
        clock: Tells seconds.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._not_before = 0.0

    @property
    def allowed(self) -> bool:
        """Whether to try: not for a minute after a refusal."""
        return self._clock() >= self._not_before

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Report what goes wrong in the command as a write to one collection would have reported it.

        Raises:
            OperationFailure: what has gone wrong; a transient one where the database cannot do it, so that the
                transaction is run again, now with a write to each collection.

        """
        try:
            yield
        except ClientBulkWriteException as error:
            cause = cause_of(error)
            if isinstance(cause, OperationFailure) and cause.code in _NOT_SUPPORTED:
                raise self._refused(str(cause)) from error
            raise cause from error
        except InvalidOperation as error:
            if "requires MongoDB server version" not in str(error):
                raise
            raise self._refused(str(error)) from error

    def _refused(self, why: str) -> OperationFailure:
        self._not_before = self._clock() + _PAUSE_SECONDS
        return OperationFailure(why, None, {"errorLabels": [TRANSIENT]})
