"""What is counted of the answers to a content's questions, learner by learner: where one learner goes on, what was
counted of that learner is taken out, and the rest stays as it is.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from heapq import nsmallest
from math import isfinite
from typing import Any, NamedTuple

from learntrack.documents.base import Row

_WHOLE = 1 << 60
"""Sums are whole numbers, so many for one: what has been added can be taken out again, to the last bit, in any order.
Their error is less than that of adding up floating-point numbers.
"""
_OF_ANSWER, _OF_OBSERVATION, _OF_PORTION, _OF_LEARNER, _OF_ATTEMPT = 550, 240, 260, 420, 4
"""Bytes that these take, beside the text of an answer."""


class Observation(NamedTuple):
    """An attempt, as far as it counts: `answer` is the wrong one that was given, None where there is none."""

    item: str
    answer: str | None
    correct: float
    hinted: bool
    error: bool


class Sums:
    """Sums over the observations of a question that have one wrong answer; `ItemRollup` says what they are."""

    __slots__ = ("attempts", "errors", "hinted", "rn", "rx", "rxx", "rxy", "ry", "ryy", "x", "xx")

    def __init__(self) -> None:
        self.attempts = self.hinted = self.errors = self.rn = 0
        self.x = self.xx = self.rx = self.rxx = self.ry = self.ryy = self.rxy = 0

    def add(self, each: Observation, many: int, rest: float | None) -> None:
        """Add an observation so many times, taken out where there are less than none.

        Args:
            each: The observation.
            many: How often it was made.
            rest: The mean correctness at the other questions; None where there are none.

        """
        x = each.correct
        of_x, of_xx = many * int(x * _WHOLE), many * int(x * x * _WHOLE)
        self.attempts += many
        self.x += of_x
        self.xx += of_xx
        self.hinted += many * each.hinted
        self.errors += many * each.error
        if rest is not None:
            self.rn += many
            self.rx += of_x
            self.rxx += of_xx
            self.ry += many * int(rest * _WHOLE)
            self.ryy += many * int(rest * rest * _WHOLE)
            self.rxy += many * int(x * rest * _WHOLE)

    def merge(self, other: "Sums") -> None:
        """Add other sums."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, answer: str | None) -> Row:
        """As they are kept."""
        counts = {"answer": answer, "attempts": self.attempts, "rn": self.rn}
        sums = {name: getattr(self, name) / _WHOLE for name in ("x", "xx", "rx", "rxx", "ry", "ryy", "rxy")}
        return counts | sums | {"hinted": self.hinted, "errors": self.errors}


class ItemSums:
    """The sums of one facility's learners at one content, and what each of the learners has in them.

    What is compared with the rest counts together: a portion, which is a try, or a learner's quizzes. Of a portion is
    remembered which observations it has, four bytes each, since most are made again and again.

    Args:
        most: How many bytes may be remembered of it. Where it is more, only the sums are kept on.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sums: dict[str, dict[str | None, Sums]] = defaultdict(dict)
        self._observations: list[Observation] = []
        self._numbers: dict[Observation, int] = {}
        self._portions: dict[str, dict[str, tuple[int, bytes]]] = {}
        self.size = 0
        self.remembers = True

    def has(self, learner: str, portion: str, digest: int) -> bool:
        """Whether this portion of a learner is counted, and was the same when it was."""
        counted = self._portions.get(learner, _NONE).get(portion)
        return counted is not None and counted[0] == digest

    def put(self, learner: str, portion: str, digest: int, observations: Iterable[Observation]) -> set[str]:
        """Count a portion of a learner, instead of what was counted of it before; returns which questions' sums are
        others now.
        """
        changed = self._take_out(learner, portion)
        numbers = array("I", map(self._number_of, observations))
        changed |= self._add(numbers, 1)
        if self.remembers:
            of_learner = self._portions.get(learner)
            if of_learner is None:
                of_learner = self._portions[learner] = {}
                self.size += _OF_LEARNER
            of_learner[portion] = digest, numbers.tobytes()
            self.size += _OF_PORTION + _OF_ATTEMPT * len(numbers)
        if not self.remembers or self.size > self._most:
            self._forget_learners()
        return changed

    def keep_only(self, learner: str, portions: Collection[str]) -> set[str]:
        """Take out what is counted of a learner beside these portions; returns which questions' sums are others now."""
        changed: set[str] = set()
        for portion in self._portions.get(learner, _NONE).keys() - portions:
            changed |= self._take_out(learner, portion)
        if learner in self._portions and not self._portions[learner]:
            del self._portions[learner]
            self.size -= _OF_LEARNER
        return changed

    @property
    def items(self) -> Collection[str]:
        """The questions that have been answered."""
        return self._sums.keys()

    def answers(self, item: str, most: int) -> list[Row]:
        """What is kept of a question: so many of its commonest wrong answers, equal ones by text, and the rest as one;
        nothing where it has not been answered.
        """
        sums = self._sums.get(item, {})
        given = ((-each.attempts, answer) for answer, each in sums.items() if answer is not None)
        commonest = {answer for _, answer in nsmallest(most, given)}
        rest = Sums()
        for answer, each in sums.items():
            if answer not in commonest:
                rest.merge(each)
        rows = [sums[answer].row(answer) for answer in sorted(commonest)]
        return [*rows, rest.row(None)] if rest.attempts else rows

    def _number_of(self, each: Observation) -> int:
        number = self._numbers.get(each)
        if number is None:
            number = self._numbers[each] = len(self._observations)
            self._observations.append(each)
            self.size += _OF_OBSERVATION + len(each.answer or "")
        return number

    def _take_out(self, learner: str, portion: str) -> set[str]:
        counted = self._portions.get(learner, _NONE).pop(portion, None)
        if counted is None:
            return set()
        numbers = array("I", counted[1])
        self.size -= _OF_PORTION + _OF_ATTEMPT * len(numbers)
        return self._add(numbers, -1)

    def _add(self, numbers: Iterable[int], times: int) -> set[str]:
        """Add a portion to the sums so many times; returns its questions."""
        made = [(self._observations[number], many) for number, many in Counter(numbers).items()]
        of_item: dict[str, tuple[int, int]] = {}
        for each, many in made:
            count, correct = of_item.get(each.item, (0, 0))
            of_item[each.item] = count + many, correct + many * int(each.correct * _WHOLE)
        count_of_all = sum(count for count, _ in of_item.values())
        correct_of_all = sum(correct for _, correct in of_item.values())
        rest_of: dict[str, float | None] = {}
        for item, (count, correct) in of_item.items():
            others = count_of_all - count
            rest_of[item] = (correct_of_all - correct) / (others * _WHOLE) if others else None
        for each, many in made:
            self._sums_of(each).add(each, times * many, rest_of[each.item])
        if times < 0:
            self._drop_empty(each for each, _ in made)
        return set(of_item)

    def _sums_of(self, each: Observation) -> Sums:
        of_item = self._sums[each.item]
        sums = of_item.get(each.answer)
        if sums is None:
            sums = of_item[each.answer] = Sums()
            self.size += _OF_ANSWER + len(each.answer or "")
        return sums

    def _drop_empty(self, among: Iterable[Observation]) -> None:
        for each in among:
            of_item = self._sums.get(each.item, {})
            if each.answer in of_item and not of_item[each.answer].attempts:
                del of_item[each.answer]
                self.size -= _OF_ANSWER + len(each.answer or "")
                if not of_item:
                    del self._sums[each.item]

    def _forget_learners(self) -> None:
        self.remembers = False
        self._portions.clear()
        self._observations.clear()
        self._numbers.clear()


_NONE: Any = {}


def correctness(value: object) -> float:
    """How right an attempt was; nobody's number is none at all."""
    return value if isinstance(value, (int, float)) and isfinite(value) else 0.0
