"""The stages that lists, the diff and the total share."""

from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.fading import FadingKind
from learntrack.domain.ids import new_id
from learntrack.logs import pipelines
from learntrack.logs.filters import LogFilters
from learntrack.storage import Database

NOW = moments.now()
ADA, BEN, CONTENT = (new_id() for _ in range(3))


def summary(user: str = ADA, **fields: Any) -> ContentSummary:
    made = ContentSummary.begin(user_id=user, content_id=new_id(), channel_id=None, kind="exercise", at=NOW)
    made.change(**fields)
    return made


@pytest.mark.parametrize(
    ("stored", "total"),
    [
        ([], None),
        ([summary(progress=0.999)], 0),
        ([summary(progress=1.0)], 1),
        ([summary(progress=1.0, has_tries=True, finished_tries=0)], 0),  # a content with tries counts by them alone
        ([summary(progress=0.5, has_tries=True, finished_tries=3)], 3),
        ([summary(progress=1.0), summary(progress=1.0), summary(has_tries=True, finished_tries=2)], 4),
        ([summary(progress=1.0), summary(BEN, progress=1.0)], 1),
    ],
)
async def test_a_total_is_finished_tries_and_contents_done_without_any(
    memory: Database, stored: list[Any], total: int | None
) -> None:
    await memory.write(stored, None)

    found = await memory.rows(ContentSummary, pipelines.total(ADA))

    assert [row["progress"] for row in found] == ([] if total is None else [total])


def log(level: int, *answers: bool, user: str = ADA, content: str = CONTENT) -> MasteryLog:
    """A try with an attempt for each answer; whether it is complete."""
    criterion = {"type": "quiz" if level < 0 else "do_all"}
    made = MasteryLog.begin(new_id(), user_id=user, content_id=content, level=level, criterion=criterion, at=NOW)
    book = made.book(AttemptLimits())
    sent = [Interaction(f"q{number}", 1.0, 0.0, answer={}, complete=done) for number, done in enumerate(answers)]
    book.record(sent, session_id=new_id(), now=NOW)
    made.keep(book)
    made.change(complete=level == 2)
    return made


TRIES = [log(1), log(2), log(-5), log(1, content=ADA), log(1, user=BEN)]
FIRST, SECOND, QUIZ, ELSEWHERE, BENS = TRIES


@pytest.mark.parametrize(
    ("readable", "filters", "found"),
    [
        (EVERYBODY, {}, TRIES),
        (Readable((ADA,)), {}, [FIRST, SECOND, QUIZ, ELSEWHERE]),
        (Readable((ADA, BEN)), {"content": CONTENT}, [FIRST, SECOND, QUIZ, BENS]),
        (Readable((ADA,)), {"content": CONTENT}, [FIRST, SECOND, QUIZ]),
        (Readable((ADA,)), {"quiz": True}, [QUIZ]),
        (Readable((ADA,)), {"quiz": False}, [FIRST, SECOND, ELSEWHERE]),
        (Readable((ADA,)), {"mastery_level": 1}, [FIRST, ELSEWHERE]),
        (Readable((ADA,)), {"mastery_level": 1, "quiz": True}, []),
        (Readable((ADA,)), {"masterylog": FIRST.id}, [FIRST]),
        (Readable((BEN,)), {"masterylog": FIRST.id}, []),
        (EVERYBODY, {"complete": True}, [SECOND]),
        (EVERYBODY, {"complete": False, "content": CONTENT}, [FIRST, QUIZ, BENS]),
    ],
)
async def test_the_tries_of_a_list_are_those_that_are_asked_for_and_may_be_read(
    memory: Database, readable: Readable, filters: dict[str, Any], found: list[MasteryLog]
) -> None:
    await memory.write(TRIES, None)

    rows = await memory.rows(MasteryLog, pipelines.tries_listed(readable, LogFilters(**filters)))

    assert {row["_id"] for row in rows} == {each.id for each in found}


def test_what_an_index_covers_whole_comes_first() -> None:
    """The embedded engine uses an index only for such a condition."""
    of_class = pipelines.tries_matching(Readable((ADA, BEN)), LogFilters(content=CONTENT, quiz=True))
    of_one = pipelines.tries_matching(Readable((ADA,)), LogFilters(content=CONTENT, quiz=True))

    assert [sorted(stage["$match"]) for stage in of_class] == [["user_id"], ["content_id", "mastery_level"]]
    assert [sorted(stage["$match"]) for stage in of_one] == [["content_id", "user_id"], ["mastery_level"]]


@pytest.mark.parametrize(("complete", "many"), [(None, 3), (True, 2), (False, 1)])
@pytest.mark.parametrize("faded", [False, True])
async def test_what_has_faded_is_counted_in_no_list(
    memory: Database, complete: bool | None, many: int, faded: bool
) -> None:
    made = log(1, True, True, False)
    if faded:
        made.fade(FadingKind.attempts, ())
    await memory.write([made], None)
    counted = {"$project": {"many": pipelines.matching_count(LogFilters(complete=complete))}}

    [row] = await memory.rows(MasteryLog, [counted])

    assert row["many"] == (0 if faded else many)


@pytest.mark.parametrize(("item", "found"), [("q1", True), ("q9", False), (None, True)])
async def test_only_a_try_with_attempts_may_hold_one(memory: Database, item: str | None, found: bool) -> None:
    empty, answered = log(1), log(2, True, True)
    await memory.write([empty, answered], None)

    rows = await memory.rows(MasteryLog, [pipelines.may_hold_matching(LogFilters(item=item))])

    assert [row["_id"] for row in rows] == [answered.id] * found


@pytest.mark.parametrize(("readable", "found"), [(Readable((ADA,)), True), (Readable((BEN,)), False)])
async def test_an_attempt_comes_alone_and_only_to_who_may_read_it(
    memory: Database, readable: Readable, found: bool
) -> None:
    made = log(1, True, True)
    await memory.write([made], None)

    rows = await memory.rows(MasteryLog, pipelines.holding(made.attempts[1].id, readable))

    assert [[each["item"] for each in row["attempts"]] for row in rows] == [["q1"]] * found
