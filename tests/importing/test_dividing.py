"""What one transaction stores is bounded by bytes, and a learner is divided only where it has to be."""

from collections.abc import Iterator, Sequence

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.importing import dividing
from learntrack.importing.dividing import Batch, Converted, batches
from tests.importing.kolibri.rows import TRY, attempt, convert, whole_learner

SMALL = 6_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dividing, "MOST_BYTES", SMALL)


def learner(attempts: int) -> list[Converted]:
    rows = [attempt(number, start_timestamp=f"2026-05-01 10:00:00.{number:06}(Etc/UTC)") for number in range(attempts)]
    return [*convert(**whole_learner(attempts=rows)).values()]


def divided(*learners: list[Converted]) -> list[Batch]:
    def everybody() -> Iterator[tuple[int, Sequence[Converted]]]:
        for number, each in enumerate(learners):
            yield 10 + number, each

    return list(batches(everybody()))


def test_small_learners_share_a_transaction_and_stay_whole() -> None:
    size = sum(one.size for one in learner(2))
    assert 2 * size <= SMALL < 3 * size

    found = divided(learner(2), learner(2), learner(2))

    assert [(len(batch.parts), batch.rows) for batch in found] == [(6, 21), (3, 12)]


def test_a_large_learner_is_divided_by_bytes_and_what_is_referred_to_comes_first() -> None:
    found = divided(learner(40))

    assert all(batch.size <= SMALL for batch in found)
    assert len(found) > 3
    parts = [part for batch in found for part in batch.parts]
    kinds = [type(part.document) for part in parts]
    assert kinds == [ContentSummary, *[MasteryLog] * (len(parts) - 2), ContentSession]
    tries = parts[1:-1]
    assert [each.number for part in tries for each in part.attempts] == list(range(40))
    assert [part.imported.digest != "" for part in tries] == [False] * (len(tries) - 1) + [True]
    assert [part.is_first for part in tries] == [True] + [False] * (len(tries) - 1)
    assert {part.document.id for part in tries} == {TRY}
    assert [batch.rows for batch in found] == [0] * (len(found) - 1) + [10]


def test_an_attempt_that_is_larger_than_a_transaction_goes_alone() -> None:
    rows = whole_learner(attempts=[attempt(1), attempt(2, answer='{"a": "' + "x" * 2 * SMALL + '"}'), attempt(3)])

    tries = [part for batch in divided([*convert(**rows).values()]) for part in batch.parts][1:-1]

    assert [[each.item for each in part.attempts] for part in tries] == [["q1"], ["q2"], ["q3"]]
