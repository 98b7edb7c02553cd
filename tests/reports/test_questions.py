"""Questions, and what is asked for filled in."""

from typing import Any

import pytest

from learntrack.reports.questions import filled, questions

LEARNERS = {"user_id": {"$param": "learners"}}


@pytest.mark.parametrize(
    ("stages", "params", "expected"),
    [
        ([{"$match": {"content_id": {"$param": "content"}}}], {"content": "c"}, [{"$match": {"content_id": "c"}}]),
        ([{"$match": {"content_id": {"$param": "content"}}}], {}, []),  # a condition on nothing is no stage
        (
            [{"$match": {"content_id": {"$param": "content"}, "mastery_level": {"$gt": 0}}}],
            {},
            [{"$match": {"mastery_level": {"$gt": 0}}}],
        ),
        ([{"$match": LEARNERS}], {"learners": {"$in": ["a"]}}, [{"$match": {"user_id": {"$in": ["a"]}}}]),
        # A whole facility is one value of an index, and its learners may be a thousand.
        ([{"$match": LEARNERS}], {"learners": {"$in": ["a"]}, "facility": "f"}, [{"$match": {"facility_id": "f"}}]),
        (
            [{"$unionWith": {"coll": "x", "pipeline": [{"$match": LEARNERS}, {"$limit": 1}]}}],
            {},
            [{"$unionWith": {"coll": "x", "pipeline": [{"$limit": 1}]}}],
        ),
    ],
)
def test_what_is_not_asked_for_narrows_nothing(
    stages: list[Any], params: dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    assert filled(stages, params) == expected


def test_filling_leaves_the_question_as_it_is() -> None:
    question = questions()["totals"]
    before = str(question.pipeline)
    question.stages({"content": "c", "learners": {"$in": ["a"]}, "facility": "f"})

    assert str(question.pipeline) == before


@pytest.mark.parametrize("name", list(questions()))
def test_every_question_is_called_as_its_file_and_leaves_no_parameter_or_part_open(name: str) -> None:
    question = questions()[name]

    assert question.name == name
    for params in ({}, {"content": "c", "period": {"$gte": 1}, "learners": {"$in": []}}):
        stages = str(question.source(params))
        assert "{'$param'" not in stages
        assert "{'$part'" not in stages


def test_chunks_are_looked_up_one_by_one() -> None:
    """Where all chunks of a try stand in one row, an engine may copy all of them for each that it unwinds: four times
    the time for a try twice as long.
    """
    params = {"learners": {"$in": ["l"]}, "summaries": {"$in": ["s"]}, "content": "c", "period": {"$gte": 1}}
    asked = [question.stages(some) for question in questions().values() for some in ({}, params)]
    looked_up = [each for each in lookups(asked) if each["from"] == "attempt_overflow"]

    assert {each["foreignField"] for each in looked_up} == {"_id"}


def lookups(stages: Any) -> list[dict[str, Any]]:
    """All `$lookup`s, however deep."""
    if isinstance(stages, list):
        return [found for each in stages for found in lookups(each)]
    if not isinstance(stages, dict):
        return []
    return [each for key, each in stages.items() if key == "$lookup"] + lookups(list(stages.values()))
