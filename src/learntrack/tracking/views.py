"""Attempts as a client sees them, in answers of bounded size (contract, *How values are read*)."""

from collections.abc import Sequence

from learntrack.domain.any_json import stored_json
from learntrack.domain.attempts import Attempt
from learntrack.tracking.batch_schemas import LONGEST_KEY, BatchResult
from learntrack.tracking.schemas import AttemptView

ANSWER_MOST = 8 * 2**20
"""Bytes of JSON that the answer to a start or an update has at the most."""
LARGE = 64 * 1024
"""Bytes of an attempt's `answer` beyond which it may be left out."""
LARGE_ANSWERS_MOST = 4 * 2**20
"""Bytes of answers from which on large ones are left out."""
_MARGIN = 64 * 1024
_AROUND = 300
"""Bytes of a view besides its item and its answer, at the most."""
_LONGEST_KEY = 2 * LONGEST_KEY
"""Bytes of JSON that an item's key has at the most: quotes and backslashes take two."""
_FIELDS = tuple(name for name in AttemptView.__struct_fields__ if name != "answer_omitted")


def past_attempts(attempts: Sequence[Attempt], *, beside: object, every_answer: bool) -> list[AttemptView]:
    """A try's newest attempts, newest first; the oldest are left out where they do not fit even without their answers.

    Args:
        attempts: The attempts.
        beside: What else is in the answer.
        every_answer: Whether large answers are shown as long as they fit, as those of a quiz are.

    """
    room = ANSWER_MOST - _MARGIN - _size(beside)
    shown = room
    for count, attempt in enumerate(attempts):
        shown -= _size_without_answer(attempt)
        if shown < 0:
            attempts = attempts[:count]
            break
    return attempt_views(attempts, room=room, every_answer=every_answer)


def attempt_views(
    attempts: Sequence[Attempt], *, room: int = ANSWER_MOST - _MARGIN, every_answer: bool = False
) -> list[AttemptView]:
    """Attempts as they are answered; where there is too much of them some without their `answer`.

    Args:
        attempts: The attempts; without their answers they must fit.
        room: Bytes that they may take.
        every_answer: As of `past_attempts`.

    """
    room -= sum(map(_size_without_answer, attempts))
    most = room if every_answer else LARGE_ANSWERS_MOST
    sizes: dict[int, int] = {}  # one answer may be that of many states of an attempt
    answers = 0
    views: list[AttemptView] = []
    for attempt in attempts:
        view = AttemptView(*(getattr(attempt, name) for name in _FIELDS))
        size = sizes.get(id(attempt.answer)) or sizes.setdefault(id(attempt.answer), _size(attempt.answer))
        if answers + size > room or (size > LARGE and answers >= most):
            view.answer, view.answer_omitted = None, True
        else:
            answers += size
        views.append(view)
    return views


class RoomForResults:
    """How much of a batch's results there is room for in its answer; known as they come, so that no more is held.

    Args:
        items: How many there will be.

    """

    def __init__(self, items: int) -> None:
        self._bytes = ANSWER_MOST - (_AROUND + _LONGEST_KEY) * items

    def bounded(self, result: BatchResult) -> BatchResult:
        """A result, without its `body` where there is no room for it."""
        size = _size(result.body)
        if size > self._bytes:
            result.body, result.body_omitted = None, True
        else:
            self._bytes -= size
        return result


def _size_without_answer(attempt: Attempt) -> int:
    return _size(attempt.item) + _AROUND


def _size(value: object) -> int:
    return len(stored_json(value))
