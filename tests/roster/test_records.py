"""What is sent of a record changes what is stored, and the rest stays."""

from typing import Any

import msgspec
import pytest

from learntrack.domain.ids import new_id
from learntrack.roster.records import LessonRecord, QuizRecord

ID = new_id()


def quiz(**sent: Any) -> QuizRecord:
    return msgspec.convert({"id": ID, "title": "Quiz"} | sent, QuizRecord)


@pytest.mark.parametrize("left_out", [{}, {"active": None, "collection_ids": None, "questions": None}])
def test_null_is_the_same_as_leaving_a_field_out(left_out: dict[str, Any]) -> None:
    assert quiz(**left_out).sent() == {"title": "Quiz"}


def test_a_new_record_has_a_value_for_every_field() -> None:
    assert quiz(active=False).complete() == {
        "title": "Quiz",
        "active": False,
        "collection_ids": [],
        "question_count": None,
        "questions": [],
    }


def test_who_names_all_questions_has_said_how_many_there_are() -> None:
    assert quiz(questions=[{"item": "a"}, {"item": "b"}]).sent()["question_count"] == 2
    assert quiz(questions=[{"item": "a"}], question_count=9).sent()["question_count"] == 9
    assert "question_count" not in quiz(questions=[]).sent()


def test_ids_are_written_in_one_way_and_each_once() -> None:
    dashed = f"{ID[:8]}-{ID[8:12]}-{ID[12:16]}-{ID[16:20]}-{ID[20:]}"
    record = msgspec.convert({"id": dashed, "title": "L", "content_ids": [dashed, ID.upper()]}, LessonRecord)

    record.write_ids_in_one_way()

    assert (record.id, record.content_ids) == (ID, [ID])
