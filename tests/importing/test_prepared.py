"""What one process writes down, another reads as it was."""

import bson
import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain.attempt_places import EMBEDDED_MOST
from learntrack.importing import dividing
from learntrack.importing.dividing import Batch, batches
from learntrack.importing.prepared import PreparedBatch, prepared
from tests.importing.kolibri.rows import LEARNER, attempt, convert, id_of, log, session, stamp, whole_learner
from tests.importing.test_merging import many

FACILITY = id_of(99)


def learner(attempts: int) -> list[Batch]:
    """A learner with so many attempts, and one more outside of a try."""
    rows = whole_learner(
        sessions=[session(), session(id=id_of(7000), extra_fields="{}")],
        attempts=[
            *many(attempts),
            attempt(9000, masterylog_id=None, sessionlog_id=id_of(7000), start_timestamp=stamp(1)),
        ],
    )
    return [*batches(iter([(0, [*convert(**rows).values()])]))]


@pytest.mark.parametrize("attempts", [0, 2, 3 * EMBEDDED_MOST])
def test_a_part_is_read_as_it_was_written(attempts: int) -> None:
    [batch], [again] = learner(attempts), learner(attempts)

    made = prepared(batch, {LEARNER: FACILITY})

    assert len(made.parts) == len(again.parts) == 4
    for part, expected in zip((each.read() for each in made.parts), again.parts, strict=True):
        assert part.document.is_new
        assert part.document.row() == expected.document.row()
        assert [bson.encode(each.row()) for each in part.attempts] == [
            bson.encode(each.row()) for each in expected.attempts
        ]
        assert (part.imported, part.digest) == (expected.imported, expected.digest)
        assert (part.size, part.is_first) == (expected.size, expected.is_first)


def test_what_is_written_is_what_is_stored_where_nothing_is() -> None:
    [batch] = learner(3 * EMBEDDED_MOST)

    rows = prepared(batch, {LEARNER: FACILITY}).documents()

    [summary] = map(ContentSummary.from_bson, rows[ContentSummary])
    [made] = map(MasteryLog.from_bson, rows[MasteryLog])
    assert (summary.facility_id, made.facility_id) == (FACILITY, FACILITY)
    assert made.imported is not None
    assert (made.attempt_count, summary.of_tries["exercise"].attempts) == (3 * EMBEDDED_MOST, 3 * EMBEDDED_MOST)


def is_whole(made: PreparedBatch) -> bool:
    return made.is_whole


def test_a_batch_that_goes_on_with_what_another_began_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dividing, "MOST_BYTES", 12_000)

    made = [prepared(batch, {}) for batch in learner(150)]

    assert len(made) > 6
    assert [*map(is_whole, made)] == [True] + [False] * (len(made) - 2) + [made[-1].parts[0].is_first]


def test_a_try_without_its_summary_is_not_whole() -> None:
    rows = whole_learner(tries=[log()])
    everything = convert(**rows)
    alone = [one for one in everything.values() if isinstance(one.document, MasteryLog)]

    [batch] = batches(iter([(0, alone)]))

    assert not prepared(batch, {}).is_whole
