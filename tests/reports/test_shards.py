"""Questions on a sharded cluster."""

from typing import Any

from learntrack.reports.shards import targeted

OWNERS = {"user_id": {"$in": ["a", "b"]}}
TRIES: dict[str, Any] = {"from": "mastery_logs", "localField": "_id", "foreignField": "summary_id", "as": "tries"}
TITLES: dict[str, Any] = {"from": "contents", "localField": "content", "foreignField": "_id", "as": "named"}
THEIRS = {"$lookup": TRIES | {"pipeline": [{"$match": OWNERS}]}}


def test_what_is_looked_up_says_whose_it_is_where_it_is_anybodys() -> None:
    inner = [{"$lookup": TRIES}, {"$lookup": TITLES}]
    stages = [*inner, {"$unionWith": {"coll": "x", "pipeline": inner}}, {"$facet": {"one": inner}}]
    narrowed = [THEIRS, {"$lookup": TITLES}]

    assert targeted(stages, OWNERS) == [
        *narrowed,
        {"$unionWith": {"coll": "x", "pipeline": narrowed}},
        {"$facet": {"one": narrowed}},
    ]
    assert targeted(stages, {}) == stages
