"""Answers as a person reads them: never JSON, never an id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from learntrack.pages.school import ClassContent
from learntrack.pages.words import Words
from learntrack.storage.database import Row

_MOST_SHOWN = 120
"""Characters of an answer that are shown."""


def answer_text(attempt: Mapping[str, Any], words: Words) -> str:
    """What a learner has answered: the simple answer, else what can be read of the whole one."""
    simple = str(attempt.get("simple_answer") or "").strip()
    return short_answer(simple if simple else attempt.get("answer"), words)


def short_answer(answer: Any, words: Words) -> str:
    """An answer in short: a text or a number as it is, lists of these, the only value of an object.

    What is none of these says so, and what is empty too.
    """
    found = _plain(answer)
    if found is None:
        return words.say("an answer that cannot be shown")
    text = " ".join(found.split())
    if not text:
        return words.say("left empty")
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def _plain(answer: Any) -> str | None:
    if answer is None or answer in ({}, []):
        return ""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, str | int | float):
        return _one(answer)
    if isinstance(answer, dict) and len(answer) == 1:
        return _plain(next(iter(answer.values())))
    if isinstance(answer, list) and all(isinstance(each, str | int | float) for each in answer):
        return ", ".join(map(_one, answer))
    return None


def _one(answer: str | float) -> str:
    """A text, or a number with all of its digits: 2.0 is 2, and two answers that differ look different."""
    return str(answer).removesuffix(".0") if isinstance(answer, float) else str(answer)


class AskedQuestion(Struct):
    """A question of a content: its place among them, its name in attempts, and what is known of it."""

    number: int
    item: str
    title: str | None
    right_answer: str | None


def questions_of(content: ClassContent, answered: Sequence[str]) -> list[AskedQuestion]:
    """The questions of a content in its order; what was answered and is not among them comes after, in order of use."""
    known = [
        AskedQuestion(number, each.item, each.title, each.right_answer)
        for number, each in enumerate(content.questions, 1)
    ]
    items = {each.item for each in known}
    others = [item for item in dict.fromkeys(answered) if item not in items]
    return known + [AskedQuestion(number, item, None, None) for number, item in enumerate(others, len(known) + 1)]


class Given(Struct):
    """One thing that a learner did at a question: an answer, a hint, or an error."""

    kind: str
    text: str = ""
    right: bool = False


def given_at(attempt: Mapping[str, Any], words: Words) -> Iterator[Given]:
    """What happened at a question, in order. An imported history may lack anything; then the attempt itself counts."""
    history: Sequence[Row] = attempt.get("interaction_history") or []
    answers = [entry for entry in history if entry.get("type") == "answer"]
    for entry in history:
        if entry.get("type") == "answer":
            # The last answer is the attempt's own, of which there may be a simple form.
            text = answer_text(attempt, words) if entry is answers[-1] else short_answer(entry.get("answer"), words)
            correct = entry.get("correct")
            yield Given("answer", text, right=isinstance(correct, int | float) and correct >= 1)
        elif entry.get("type") in ("hint", "error"):
            yield Given(str(entry["type"]))
    if not answers:
        yield Given("answer", answer_text(attempt, words), right=attempt["correct"] >= 1)
