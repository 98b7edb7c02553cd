"""What of a roster's records is wrong in itself."""

from typing import Any

import msgspec
import pytest

from learntrack.documents import Question
from learntrack.domain.ids import new_id
from learntrack.roster.checks import faults, too_few
from learntrack.roster.schemas import Roster


def asked(*items: str) -> list[dict[str, str]]:
    return [{"item": item} for item in items]


@pytest.mark.parametrize(
    ("zone", "wrong"),
    [("Africa/Nairobi", False), ("UTC", False), (None, False), ("Nairobi", True), ("../etc/passwd", True)],
)
def test_a_time_zone_must_be_one(zone: str | None, wrong: bool) -> None:
    facilities = [{"id": new_id(), "name": "A"}, {"id": new_id(), "name": "B", "timezone": zone}]

    assert list(faults(msgspec.convert({"facilities": facilities}, Roster))) == ["facilities[1].timezone"] * wrong


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        (None, None),
        ([], None),
        (asked("a", "b", "A"), None),
        (asked("a", "b", "a"), "The item a is there more than once."),
        (asked("a", " a "), "The item a is there more than once."),  # spaces around it tell nothing apart
        (asked("a", " "), "An item must not be empty."),
    ],
)
@pytest.mark.parametrize("part", ["quizzes", "contents"])
def test_an_item_names_one_question(part: str, questions: Any, said: str | None) -> None:
    record = {"id": new_id(), "title": "", "kind": "exercise", "questions": questions}
    record = {name: value for name, value in record.items() if part == "contents" or name != "kind"}

    found = faults(msgspec.convert({part: [record]}, Roster))

    assert found == ({} if said is None else {f"{part}[0].questions": [said]})


@pytest.mark.parametrize(("count", "wrong"), [(None, False), (1, True), (2, False), (3, False)])
def test_there_may_be_more_questions_than_are_named_not_fewer(count: int | None, wrong: bool) -> None:
    assert too_few(count, [Question(item="a"), Question(item="b")]) is wrong
