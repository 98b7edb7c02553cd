"""A question has a time and a turn: what is slow stops nobody else, and does not go on for nobody."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from learntrack.storage import DatabaseUnavailable, connect, in_time
from learntrack.storage.report_reading import ReportReading
from tests.conftest import service_on
from tests.pauses import noted
from tests.processes import when
from tests.support import School, exercise
from tests.wire import Action, Wire, error, held, lost

EVERYTHING: list[dict[str, Any]] = [{"$match": {}}]


async def test_slow_aggregations_wait_for_each_other_and_nothing_else_for_them(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=60, aggregations_at_once=2)
    ends = asyncio.Event()
    slow = wire.on("aggregate", do=held(ends), times=2)
    first = [asyncio.create_task(db.rows("users", EVERYTHING)) for _ in range(2)]
    await when(lambda: slow.met == 2)

    with monkeypatch.context() as hurried:
        hurried.setattr(db, "read_patience", 0.1)
        with pytest.raises(DatabaseUnavailable):
            await db.rows("users", EVERYTHING)
    assert len(wire.of("aggregate")) == 2
    assert await db.find("users", {}) == []
    with monkeypatch.context() as hurried:
        hurried.setattr(db, "read_patience", 0.1)
        with pytest.raises(DatabaseUnavailable):
            await db.find("users", {}, in_turn=True)

    ends.set()
    assert await asyncio.gather(*first) == [[], []]
    assert await db.rows("users", EVERYTHING) == []
    assert all(0 < each["maxTimeMS"] <= 60_000 for each in wire.of("aggregate", "find"))
    await db.close()


async def test_a_slow_aggregation_is_given_up(wire: Wire) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=0.2)
    ends = asyncio.Event()
    wire.on("aggregate", do=held(ends))

    with pytest.raises(DatabaseUnavailable):
        await db.rows("users", EVERYTHING)
    ends.set()
    await db.close()


async def test_a_turn_is_taken_until_the_server_is_done_also_when_nobody_waits_any_more(wire: Wire) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=60, aggregations_at_once=1)
    ends = asyncio.Event()
    slow = wire.on("aggregate", do=held(ends), times=1)
    left = asyncio.create_task(db.rows("users", EVERYTHING))
    await slow.happens()
    left.cancel()
    await asyncio.wait([left])

    next_one = asyncio.create_task(db.rows("users", EVERYTHING))
    assert await db.find("users", {}) == []
    assert len(wire.of("aggregate")) == 1
    ends.set()
    assert await next_one == []
    await db.close()


async def test_an_export_may_take_longer_altogether_than_one_answer(wire: Wire) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=60, reports=ReportReading(long_patience=60))
    await db.collection("numbers").insert_many([{"_id": number} for number in range(5)])
    wire.seen.clear()

    rows = [row async for row in db.reports.stream("numbers", EVERYTHING, batch=2, long=True)]

    assert len(rows) == 5
    assert 50_000 < wire.of("aggregate")[0]["maxTimeMS"] <= 60_000
    assert len(wire.of("getMore")) == 2
    await db.collection("numbers").drop()
    await db.close()


async def test_reports_may_be_read_from_secondaries_and_nothing_else_is(wire: Wire) -> None:
    wire.parameters = "&readPreference=secondaryPreferred"  # as in many a URI of a hosted MongoDB
    async with service_on(wire, reports=ReportReading("secondaryPreferred", 120)) as api:
        school = await School(api).open()
        learner, coach = await school.learner(), await school.coach()
        session = await api.start(learner, **exercise())
        await api.update(learner, session, time_spent_delta=1)
        wire.seen.clear()

        for path in ("/api/logger/masterylog", "/api/logger/attemptlog", "/api/roster/users"):
            await api.send("GET", path, coach)
        asked = len(wire.of("aggregate", "find"))
        assert [each for each in wire.of("aggregate", "find") if "$readPreference" in each] == []
        for path in ("/api/reports/progress", "/api/logger/export/sessions.csv"):
            assert (await api.send("GET", path, coach)).status_code == 200

    elsewhere = [each for each in wire.of("aggregate", "find") if "$readPreference" in each]
    assert {each["aggregate"] for each in elsewhere if "aggregate" in each} >= {"content_sessions"}
    assert all(each["$readPreference"]["maxStalenessSeconds"] == 120 for each in elsewhere)
    decisions = [each for each in wire.of("aggregate", "find")[asked:] if each not in elsewhere]
    assert decisions, "whom the coach may read is asked of the primary"


async def test_ten_slow_reports_hold_up_neither_updates_nor_health_nor_lists(wire: Wire) -> None:
    async with service_on(wire, read_patience=60) as api:
        school = await School(api).open()
        learner, coach = await school.learner(), await school.coach()
        session = await api.start(learner, **exercise())
        end = asyncio.Event()
        slow = wire.on("aggregate", do=held(end), where=lambda each: each["aggregate"] == "content_summaries")
        reports = [asyncio.create_task(api.send("GET", "/api/reports/totals", coach)) for _ in range(10)]
        await slow.happens()

        async with asyncio.timeout(40):
            await api.update(learner, session, time_spent_delta=1)
            await api.tries(coach)
            assert (await api.send("GET", "/health/ready")).status_code == 200

        assert not any(report.done() for report in reports)
        assert slow.met <= ReportReading().at_once
        end.set()
        assert {each.status_code for each in await asyncio.gather(*reports)} == {200}


async def test_documents_one_by_one_are_found_and_not_worked_out_before(wire: Wire) -> None:
    db = await connect(wire.own_uri, "each", read_patience=60, reports=ReportReading(long_patience=60))
    await db.collection("numbers").insert_many([{"_id": number, "more": "text"} for number in range(5)])
    wire.seen.clear()

    rows = [row async for row in db.reports.each("numbers", {"_id": {"$gt": 1}}, {"more": 0}, batch=2)]

    assert sorted(row["_id"] for row in rows) == [2, 3, 4]
    assert all(row.keys() == {"_id"} for row in rows)
    assert (len(wire.of("aggregate")), len(wire.of("find"))) == (0, 1)
    assert 50_000 < wire.of("find")[0]["maxTimeMS"] <= 60_000
    await db.collection("numbers").drop()
    await db.close()


async def test_no_more_of_large_documents_are_read_at_once_than_a_server_sends_at_once(wire: Wire) -> None:
    """As many were gathered as of small ones: of a hundred documents of 16 MB more than a gigabyte."""
    db = await connect(wire.own_uri, "each")
    for number in range(6):
        await db.collection("large").insert_one({"_id": number, "text": "x" * 5_000_000})

    async with aclosing(db.each("large", {}, batch=100)) as rows:
        found = [await anext(rows)]
        assert wire.of("getMore") == []
        found += [row async for row in rows]

    assert sorted(row["_id"] for row in found) == list(range(6))
    assert {len(row["text"]) for row in found} == {5_000_000}
    assert wire.of("getMore")
    await db.collection("large").drop()
    await db.close()


@pytest.mark.parametrize("code", [6, 134, 262])
async def test_a_server_that_says_no_is_asked_again_more_and_more_rarely(
    wire: Wire, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's own retries keep a processor busy with each question as long as it does."""
    waited = noted(monkeypatch, in_time)
    db = await connect(wire.own_uri, "reading", read_patience=60)

    for ask in (db.find("users", {}), db.find_one("users", {}), db.rows("users", EVERYTHING)):
        waited.clear()
        no = wire.on("find", "aggregate", do=error(code), times=5)
        assert not await ask
        assert no.met == 5
        assert waited == [(0.1, 1.0)] * 4  # the first further try is at once
    await db.close()


async def test_a_server_that_goes_on_to_say_no_is_away(wire: Wire) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=0.5)
    wire.on("find", "aggregate", do=error(6))

    for ask in (db.find("users", {}), db.find_one("users", {}), db.rows("users", EVERYTHING)):
        with pytest.raises(DatabaseUnavailable):
            await ask
    await db.close()


@pytest.mark.parametrize(
    "passing", [lost, error(89), error(999_999, "RetryableError")], ids=["lost", "a code", "a label"]
)
async def test_what_passes_meanwhile_is_answered(wire: Wire, passing: Action) -> None:
    db = await connect(wire.own_uri, "reading", read_patience=20)
    rows = [{"_id": number} for number in range(3)]
    await db.collection("passing").delete_many({})
    await db.collection("passing").insert_many(rows)

    met = [wire.on("find", do=passing, times=2)]
    assert await db.find_one("passing", {"_id": 1}) == rows[1]
    met += [wire.on("find", do=passing, times=2)]
    assert await db.find("passing", {}) == rows
    met += [wire.on("aggregate", do=passing, times=2)]
    assert [row async for row in db.stream("passing", EVERYTHING)] == rows
    assert [each.met for each in met] == [2, 2, 2]
    await db.close()


async def test_the_rest_of_an_answer_is_not_asked_for_twice(wire: Wire) -> None:
    """The server has given it already, and what comes next would pass for it."""
    db = await connect(wire.own_uri, "reading", read_patience=20)
    await db.collection("parts").insert_many([{"_id": number} for number in range(5)])
    broken = wire.on("getMore", do=error(6))

    rows = db.stream("parts", EVERYTHING, batch=2)
    assert [await anext(rows), await anext(rows)] == [{"_id": 0}, {"_id": 1}]
    with pytest.raises(DatabaseUnavailable):
        await anext(rows)

    assert broken.met == 1
    await db.close()


async def test_what_nobody_waits_for_any_more_is_not_asked_again(wire: Wire) -> None:
    """An export that was given up kept its turn for as long as the server might have worked on it, ten minutes."""
    db = await connect(wire.own_uri, "reading", read_patience=20, reports=ReportReading(at_once=1, long_patience=600))
    no = wire.on("aggregate", do=error(262), where=lambda each: each["aggregate"] == "exported")
    left = asyncio.create_task(anext(db.reports.stream("exported", EVERYTHING, long=True)))
    await no.happens()
    left.cancel()
    await asyncio.wait([left])

    assert await db.reports.rows("users", EVERYTHING) == []
    await db.close()
