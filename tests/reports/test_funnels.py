"""The medians of the report mastery-funnel are those of all learners, though no list of all of them is ever made."""

import random
from statistics import median
from typing import Any

import pytest

from learntrack.reports.questions import part
from tests.support import Api

pytestmark = pytest.mark.engines("embedded", "real")


def learners(content: str, minutes: list[float | None], chance: random.Random) -> list[dict[str, Any]]:
    """As they go into the part, a row each; None: who has not finished."""
    return [
        {
            "content": content,
            "tries": chance.randint(1, 4),
            "attempted": chance.randint(0, 1),
            "mastered": int(each is not None),
            "finished": int(each is not None),
            "minutes": each,
        }
        for each in minutes
    ]


def expected(content: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    minutes = [row["minutes"] for row in rows if row["finished"]]
    return {
        "content_id": content,
        "started": len(rows),
        "attempted": sum(row["attempted"] for row in rows),
        "mastered": sum(row["mastered"] for row in rows),
        "median_tries": median(row["tries"] for row in rows),
        "median_minutes": pytest.approx(median(minutes)) if minutes else None,
    }


async def test_medians_are_those_of_all_learners(api: Api) -> None:
    chance = random.Random(7)
    minutes: dict[str, list[float | None]] = {
        "a: one": [2.5],
        "b: two": [0.5, 70.25],
        "c: nobody has finished": [None, None, None],
        "d: some have": [None, 3.0, None, 1.0],
        "e: all within a minute": [chance.random() for _ in range(40)],
        "f: the middle lies between two minutes": [1.9, 1.1, 2.0, 2.8],
        "g: the same for many": [4.0] * 30 + [9.0] * 30,
    }
    for number in range(20):
        spread = 10 ** chance.randint(0, 3)
        minutes[f"h: {number:02}"] = [chance.choice([None, chance.random() * spread]) for _ in range(number + 1)]
    rows = {content: learners(content, each, chance) for content, each in minutes.items()}
    mixed = [row for each in rows.values() for row in each]
    chance.shuffle(mixed)

    cursor = api.db.raw.aggregate([{"$documents": mixed}, *part("funnels").stages])
    found = await cursor.to_list(None)

    assert found == [expected(content, rows[content]) for content in sorted(rows)]
