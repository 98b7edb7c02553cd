"""What is kept of an answer under its Idempotency-Key: not much, however large it is (contract, *Whose key it is*)."""

import msgspec

from learntrack.domain.any_json import stored_json
from learntrack.tracking.schemas import AttemptView, JsonObject, SessionStarted, SessionUpdated
from learntrack.web.answers import encoded

KEPT_MOST = 2**20
"""Bytes of JSON that are kept of an answer at the most."""
KEPT_OF_ITEM = 2**16
"""The same of an item of a queue: 2,000 small ones may each be answered with much, and are kept for weeks."""
_ANSWER_MOST = 1024
"""Bytes of an attempt's `answer` that are kept where not all can be."""
_LEFT_OUT = b"null"


def kept_of(answer: SessionStarted | SessionUpdated, body: bytes, most: int = KEPT_MOST) -> bytes:
    """What is kept of an answer, whose JSON is `body`.

    Of a larger one than `most` bytes the attempts are kept without large answers, as `answer_omitted` says, or not at
    all; of a start also nothing of `extra_fields`, which `answered_again` takes from what is stored.
    """
    if len(body) <= most:
        return body
    named = "pastattempts" if isinstance(answer, SessionStarted) else "attempts"
    short: dict[str, object] = msgspec.structs.asdict(answer)
    if isinstance(answer, SessionStarted):
        short["extra_fields"] = None
    if isinstance(views := short[named], list):
        short[named] = [_short(view) for view in views]
    kept = encoded({name: value for name, value in short.items() if value is not msgspec.UNSET})
    if len(kept) > most:
        short[named] = []
        kept = encoded({name: value for name, value in short.items() if value is not msgspec.UNSET})
    return kept


def answered_again(kept: bytes, extra_fields: JsonObject | None) -> bytes:
    """The answer to a request that is sent again.

    Args:
        kept: What was kept of the first one.
        extra_fields: As they are stored now; None where it was no start of a learner's.

    """
    if extra_fields is None:
        return kept
    answer = msgspec.json.decode(kept, type=dict[str, msgspec.Raw])
    if bytes(answer["extra_fields"]) != _LEFT_OUT:
        return kept
    return msgspec.json.encode(answer | {"extra_fields": msgspec.Raw(encoded(extra_fields))})


def _short(view: AttemptView) -> AttemptView:
    if view.answer is None or len(stored_json(view.answer)) <= _ANSWER_MOST:
        return view
    return msgspec.structs.replace(view, answer=None, answer_omitted=True)
