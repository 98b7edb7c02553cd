"""Tries and visits whose attempts do not fit one document are one whole for who asks."""

import pytest

from tests.api.trying import a_try
from tests.support import Api, Person, exercise, right, video, wrong

pytestmark = pytest.mark.secantusd_py


async def a_long_try(api: Api, learner: Person, body: dict, sent: list[dict]) -> tuple[dict, list[str]]:
    """A try with these answers, most of which have moved to chunks: its session, and the ids of its attempts."""
    session = await api.start(learner, **body)
    ids = []
    for part in range(0, len(sent), 26):
        updated = await api.update(learner, session, interactions=sent[part : part + 26])
        ids += [one["id"] for one in updated["attempts"]]
    stored = await api.db.find_one("mastery_logs", {"user_id": learner.id})
    assert len(stored["attempts"]) <= 50
    assert stored["overflow"]["attempt_count"] == len(sent) - len(stored["attempts"])
    return session, ids


async def test_a_long_try_is_one_whole(api: Api, learner: Person) -> None:
    """Attempts that have moved to chunks are seen by every question."""
    body = exercise({"type": "m_of_n", "m": 1, "n": 60})
    ask = {"content": body["content_id"], "user": learner.id}
    sent = [right(f"q{n}", correct=(n % 4) / 4, complete=n % 3 == 0, time_spent=float(900 - n)) for n in range(130)]
    first, ids = await a_long_try(api, learner, body, sent)

    again = await api.start(learner, **body)
    assert again["totalattempts"] == 130
    assert [one["id"] for one in again["pastattempts"]] == ids[::-1][:60]
    [by_id] = (await api.update(learner, first, interactions=[right("x", id=ids[3], replace=True)]))["attempts"]
    [by_item] = (await api.update(learner, first, interactions=[right("q5", replace=True)]))["attempts"]
    assert (by_id["id"], by_id["correct"], by_item["id"], by_item["correct"]) == (ids[3], 1.0, ids[5], 1.0)
    total = sum(one["correct"] for one in sent) - sent[3]["correct"] - sent[5]["correct"] + 2
    assert (await api.tries(learner, **ask))[0]["correct"] == pytest.approx(total)
    rows = await api.attempts(learner)
    assert [row["id"] for row in rows] == ids
    paged = [row for page in range(1, 9) for row in (await api.attempts(learner, page_size=18, page=page))["results"]]
    assert paged == rows
    assert (
        len(await api.attempts(learner, complete="true"))
        == (await api.attempts(learner, complete="1", page_size=1))["count"]
    )
    assert [row["id"] for row in await api.attempts(learner, item="q7")] == [ids[7]]
    assert (await api.attempts(learner, item="q7", page_size=5))["count"] == 1
    await api.update(learner, first, progress=1)
    await a_try(api, learner, body, right("q0"), right("q127"), right("q1", correct=0.5))
    newest, older = await api.diff(learner, 0, **ask), await api.diff(learner, 1, **ask)
    assert {row["item"]: row["diff"]["correct"] for row in newest["attemptlogs"]} == {
        "q0": 1.0,
        "q127": 0.25,
        "q1": 0.25,
    }
    assert newest["diff"]["correct"] == pytest.approx(2.5 - total)
    assert [row["id"] for row in older["attemptlogs"]] == ids


async def test_a_long_quiz_shows_all_its_attempts(api: Api, learner: Person) -> None:
    body = exercise({"type": "quiz"})
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[right(f"q{n}") for n in range(120)])

    again = await api.start(learner, **body)

    assert [one["item"] for one in again["pastattempts"]] == [f"q{n}" for n in range(120)]


async def test_a_long_visit_without_a_try_is_one_whole(api: Api, learner: Person) -> None:
    session = await api.start(learner, **video())
    await api.update(learner, session, interactions=[wrong(f"q{n}") for n in range(120)])
    [replaced] = (await api.update(learner, session, interactions=[right("q2", replace=True)]))["attempts"]

    rows = await api.attempts(learner)

    assert len(rows) == 120
    assert [row["correct"] for row in rows if row["id"] == replaced["id"]] == [1.0]
