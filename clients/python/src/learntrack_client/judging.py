"""What the service's answer to a batch means for its items. No I/O: every rule of sending again stands here.

An item leaves the queue when the service has recorded it, and is set aside when the service itself has refused it for
good. Whatever else answers (a hotel's page, a proxy) changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec import Struct

from learntrack_client.shapes import ItemKind, ProblemDocument

MOST_TRIES = 8
"""After so many answers that ask to try this item again, while others are recorded, it is set aside."""

_TRY_AGAIN = frozenset({401, 408, 409, 425, 429})
_REFUSED_AS_A_WHOLE = frozenset({400, 413, 422})
_SMALLER_NEXT = frozenset({408, 502, 504})
"""It took too long to arrive, or to be answered: on a slow network a smaller batch may get through."""
_NOT_THE_SERVICE = "What answers is not the service."


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request: what of it counts. `retry_after` is in seconds. `ignored`: the parameters that the
    service does not know.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None
    ignored: str = ""

    @property
    def problem(self) -> ProblemDocument | None:
        """The problem that it tells; None if it is no problem document."""
        if self.content_type != "application/problem+json":
            return None
        try:
            document = msgspec.json.decode(self.body, type=ProblemDocument)
        except msgspec.MsgspecError:
            return None
        return msgspec.structs.replace(document, status=self.status)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the queue. `number` is its place in the order, `tries` how often it was to be tried again."""

    number: int
    content: str
    session: str
    key: str
    occurred_at: str
    kind: ItemKind
    body: bytes
    tries: int = 0


@dataclass(slots=True)
class Verdict:
    """What becomes of the items of a batch; those that are in no list wait.

    `wait`: before anything more is sent. `narrower`: the next batch is to be smaller. `signed_out`: the token was
    refused.
    """

    recorded: list[tuple[Item, bytes | None]] = field(default_factory=list)
    aside: list[tuple[Item, ProblemDocument]] = field(default_factory=list)
    tried: list[Item] = field(default_factory=list)
    wait: bool = False
    retry_after: float | None = None
    narrower: bool = False
    signed_out: bool = False
    trouble: str | None = None


class _Result(Struct):
    key: str | None
    status: int
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Results(Struct):
    results: list[_Result]


def judge(items: Sequence[Item], answer: Answer | None) -> Verdict:
    """What the answer to these items means for them; None: there was none."""
    if answer is None:
        return Verdict(wait=True, narrower=True, trouble="The service does not answer.")
    if answer.status == 401:
        return Verdict(signed_out=True, wait=True, trouble="The service does not take the token.")
    if answer.status == 200:
        results = _results_of(answer, items)
        if results is None:
            return Verdict(wait=True, trouble=_NOT_THE_SERVICE)
        return _judge_each(items, results)
    return _judge_refusal(items, answer)


def _results_of(answer: Answer, items: Sequence[Item]) -> list[_Result] | None:
    try:
        results = msgspec.json.decode(answer.body, type=_Results).results
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return results if [each.key for each in results] == [item.key for item in items] else None


def _judge_each(items: Sequence[Item], results: Sequence[_Result]) -> Verdict:
    verdict = Verdict()
    for item, result in zip(items, results, strict=True):
        if result.status == 200:
            verdict.recorded.append((item, bytes(result.body)))
        elif verdict.wait:
            continue  # it was looked at before what comes before it was recorded: no judgement of it counts yet
        elif result.status in _TRY_AGAIN or result.status >= 500:
            _try_again(verdict, item, result)
        else:
            verdict.aside.append((item, _document(result)))
    return verdict


def _try_again(verdict: Verdict, item: Item, result: _Result) -> None:
    if item.tries + 1 < MOST_TRIES:
        verdict.tried.append(item)
        verdict.wait, verdict.trouble = True, _document(result).detail
    elif item.kind == "start" and result.status == 409:
        verdict.recorded.append((item, None))  # its id is this client's own: what is there can only be this start
    else:
        verdict.aside.append((item, _document(result)))


def _judge_refusal(items: Sequence[Item], answer: Answer) -> Verdict:
    problem = answer.problem
    verdict = Verdict(wait=True, retry_after=answer.retry_after, narrower=answer.status in _SMALLER_NEXT)
    verdict.trouble = _NOT_THE_SERVICE if problem is None or answer.status == 404 else problem.detail
    # A proxy's word that it is too large counts too: it would say so for ever.
    if (problem is not None and answer.status in _REFUSED_AS_A_WHOLE) or answer.status == 413:
        verdict.wait = False
        if len(items) > 1:
            verdict.narrower = True
        else:
            verdict.aside.append((items[0], problem or ProblemDocument(413, "Too Large")))
    elif problem is not None and answer.status == 500:
        if len(items) > 1:
            verdict.narrower = True
        elif items[0].tries + 1 < MOST_TRIES:
            verdict.tried.append(items[0])
        else:
            verdict.aside.append((items[0], problem))
            verdict.wait = False
    return verdict


def _document(result: _Result) -> ProblemDocument:
    try:
        document = msgspec.json.decode(result.body, type=ProblemDocument)
    except msgspec.MsgspecError:
        document = ProblemDocument()
    return msgspec.structs.replace(document, status=result.status)
