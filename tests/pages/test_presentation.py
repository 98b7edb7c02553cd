"""How figures look, without a database."""

from datetime import UTC, datetime
from typing import Any

import pytest

from learntrack.pages.presentation import Cell, bars, duration, overview, what_next

ANN, BEN = {"_id": "a", "name": "Ann"}, {"_id": "b", "name": "Ben"}


def row(user: str, content: str, status: str = "started", **more: Any) -> dict[str, Any]:
    figures = {"progress": 0.5, "time_spent": 60.0, "attempts": 2, "correct_share": 0.5, "kind": "video"}
    return {"user_id": user, "content_id": content, "status": status} | figures | more


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (95, "2 min"), (3599, "1 h 0 min"), (11_100, "3 h 5 min")],
)
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_cell_says_in_words_what_its_sign_means() -> None:
    assert Cell().words == "not started"
    assert Cell("mastered", 1.0, 125.0, 4, 0.75).words == "mastered, 100% done, 2 min, 4 attempts, 75% right"
    assert Cell("started", 0.5, 1.0).words == "started, 50% done, 1 s"
    assert len({Cell(status).sign for status in ("not started", "started", "needs help", "mastered")}) == 4


def test_every_learner_has_a_cell_for_every_content() -> None:
    rows = [row("a", "y"), row("b", "x", "mastered"), row("b", "y"), row("b", "q", kind="quiz")]

    found = overview([ANN, BEN], rows, {"q": "Fractions"}, sort="name")

    assert [(content["id"], content["title"]) for content in found.contents] == [
        ("q", "Fractions"),
        ("x", None),
        ("y", None),
    ]
    assert [(line.name, [cell.status for cell in line.cells]) for line in found.lines] == [
        ("Ann", ["not started", "not started", "started"]),
        ("Ben", ["started", "mastered", "started"]),
    ]


@pytest.mark.parametrize(("sort", "first"), [("name", "Ann"), ("mastered", "Ben"), ("time_spent", "Ben")])
def test_an_overview_is_sorted(sort: str, first: str) -> None:
    rows = [row("a", "x"), row("b", "x", "mastered", time_spent=90.0)]

    assert overview([ANN, BEN], rows, {}, sort=sort).lines[0].name == first


def test_what_is_next_is_first_what_is_hard_then_what_was_left_last() -> None:
    days = {day: datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 9)}
    rows = [row("a", f"c{day}", last_activity=moment) for day, moment in days.items()]
    rows[0]["status"], rows[7]["status"] = "needs help", "mastered"

    assert [each["content_id"] for each in what_next(rows)] == ["c1", "c7", "c6", "c5", "c4"]
    assert what_next([]) == []


def test_bars_fill_the_chart() -> None:
    found = bars([{"n": 1}, {"n": 4}], "n", width=100, height=80)

    assert [(bar["x"], bar["width"], bar["height"]) for bar in found] == [(0, 40, 20), (50, 40, 80)]
    assert bars([], "n") == []
    assert bars([{"n": 0}], "n")[0]["height"] == 0
