"""What the service's answer to a batch means for its items. No I/O: every rule of sending again stands here.

An item leaves the queue when the service has recorded it, and is set aside when the service itself has refused it for
good. Whatever else answers (a hotel's page, a proxy) changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
from msgspec import Struct

from learntrack_client.shapes import ItemKind, ProblemDocument

MOST_TRIES = 8
"""After so many answers that ask to try this item again, while others are recorded, it is set aside."""
MOST_TRIES_UNHEARD = 20
"""The same where something between (a filter of words, a proxy) keeps this item alone from the service."""

_TRY_AGAIN = frozenset({401, 408, 409, 425, 429})
_REFUSED_AS_A_WHOLE = frozenset({400, 413, 422})
_SMALLER_NEXT = frozenset({408, 502, 504})
"""It took too long to arrive, or to be answered: on a slow network a smaller batch may get through. So it may where
not the service has answered, or nobody.
"""
_NOT_THE_SERVICE = "What answers is not the service."
_NO_ANSWER = "The service does not answer."


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
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
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

    `wait`: before anything more is sent. `narrower`: the next batch is to be smaller. `unheard`: not the service has
    answered. `signed_out`: the token was refused.
    """

    recorded: list[tuple[Item, bytes | None]] = field(default_factory=list)
    aside: list[tuple[Item, ProblemDocument]] = field(default_factory=list)
    tried: list[Item] = field(default_factory=list)
    wait: bool = False
    retry_after: float | None = None
    narrower: bool = False
    unheard: bool = False
    signed_out: bool = False
    trouble: str | None = None


class _Result(Struct):
    key: str | None
    status: int
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Results(Struct):
    results: list[_Result]


def judge(items: Sequence[Item], answer: Answer | None, *, hurried: bool = False, heard_else: bool = False) -> Verdict:
    """What the answer to these items means for them.

    Args:
        items: What was sent.
        answer: The answer; None: there was none.
        hurried: They were sent before their time: then it is no try that counts.
        heard_else: The service itself has answered right after, but not to these.

    """
    if not hurried:
        return _judge(items, answer, heard_else)
    verdict = _judge([replace(item, tries=0) for item in items], answer, heard_else)
    verdict.tried = []
    return verdict


def _judge(items: Sequence[Item], answer: Answer | None, heard_else: bool) -> Verdict:
    if heard_else:
        return _judge_unheard(items[0], answer)
    if answer is None:
        return _unheard(None)
    if answer.status == 401:
        return Verdict(signed_out=True, wait=True, trouble="The service does not take the token.")
    if answer.status == 200:
        results = _results_of(answer, items)
        if results is None:
            return _unheard(None, _NOT_THE_SERVICE)
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
        problem = _document(result)
        # A session's id is this client's own: what is there can only be this start.
        there = item.kind == "start" and result.status == 409 and "session_id" in problem.errors
        if result.status == 200 or there:
            verdict.recorded.append((item, bytes(result.body)))
        elif verdict.wait:
            continue  # it was looked at before what comes before it was recorded: no judgement of it counts yet
        elif result.status in _TRY_AGAIN or result.status >= 500:
            _try(verdict, item, problem, MOST_TRIES)
        else:
            verdict.aside.append((item, problem))
    return verdict


def _try(verdict: Verdict, item: Item, problem: ProblemDocument, most: int) -> None:
    if item.tries + 1 < most:
        verdict.tried.append(item)
        verdict.wait, verdict.trouble = True, problem.detail
    else:
        verdict.aside.append((item, problem))


def _unheard(retry_after: float | None, trouble: str = _NO_ANSWER) -> Verdict:
    return Verdict(wait=True, retry_after=retry_after, narrower=True, unheard=True, trouble=trouble)


def _judge_unheard(item: Item, answer: Answer | None) -> Verdict:
    verdict = _unheard(None) if answer is None else _unheard(answer.retry_after, _NOT_THE_SERVICE)
    verdict.wait, title = False, verdict.trouble or ""
    _try(verdict, item, ProblemDocument(answer.status if answer else 0, title, title), MOST_TRIES_UNHEARD)
    return verdict


def _judge_refusal(items: Sequence[Item], answer: Answer) -> Verdict:
    problem = answer.problem
    if answer.status == 413:
        problem = problem or ProblemDocument(413, "Too Large")  # a proxy's word counts too: it would say so for ever
    if problem is None:
        return _unheard(answer.retry_after, _NOT_THE_SERVICE)
    verdict = Verdict(wait=True, retry_after=answer.retry_after, narrower=answer.status in _SMALLER_NEXT)
    verdict.trouble = _NOT_THE_SERVICE if answer.status == 404 else problem.detail
    if answer.status in _REFUSED_AS_A_WHOLE:
        verdict.wait = False
        if len(items) > 1:
            verdict.narrower = True
        else:
            verdict.aside.append((items[0], problem))
    elif answer.status == 500:
        if len(items) > 1:
            verdict.narrower = True
        else:
            verdict.wait = False
            _try(verdict, items[0], problem, MOST_TRIES)
    elif answer.status == 408 and len(items) == 1:  # it is too large for this network, and others are behind it
        verdict.wait = False
        _try(verdict, items[0], problem, MOST_TRIES_UNHEARD)
    return verdict


def _document(result: _Result) -> ProblemDocument:
    try:
        document = msgspec.json.decode(result.body, type=ProblemDocument)
    except (msgspec.MsgspecError, RecursionError):
        document = ProblemDocument()
    return msgspec.structs.replace(document, status=result.status)
