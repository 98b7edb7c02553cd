"""A queue is recorded in order: behind what cannot be stored just now, nothing is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from learntrack.access.actor import Actor
from learntrack.domain import moments
from learntrack.settings import Settings
from learntrack.storage import DatabaseBusy, DatabaseUnavailable
from learntrack.storage.group_commit import GroupCommit, Stored
from learntrack.tracking.batch import BatchRecorder
from learntrack.tracking.jobs import Job, UpdateJob
from learntrack.tracking.schemas import SessionUpdated
from learntrack.tracking.service import Recorded
from tests.support import new_id


class Recording:
    """Records updates by their seconds, but not those of 13 seconds."""

    def __init__(self, error: DatabaseUnavailable) -> None:
        self.recorded: list[float] = []
        self._error = error
        self._line: GroupCommit[Job, Recorded] = GroupCommit(
            self._do, may_join=lambda _, __: True, patience=60, most_bulk=4
        )

    def now(self) -> datetime:
        return moments.now()

    def enqueue(self, job: Job, *, after: Any = None) -> Any:
        return self._line.enqueue(job, bulk=True, after=after)

    async def _do(self, jobs: Sequence[Job], stored: Stored[Recorded, Job]) -> None:
        while jobs:
            seconds = [job.advance.time_spent for job in jobs if isinstance(job, UpdateJob)]
            if 13 in seconds:
                raise self._error
            self.recorded += seconds
            jobs = stored([Recorded(SessionUpdated(complete=False)) for _ in jobs])


@pytest.mark.parametrize("error", [DatabaseBusy("conflict"), DatabaseUnavailable("gone")], ids=repr)
async def test_behind_what_cannot_be_stored_just_now_nothing_is(error: DatabaseUnavailable) -> None:
    recording, session = Recording(error), new_id()
    items = [
        {
            "key": str(seconds),
            "occurred_at": moments.now().isoformat(),
            "session_id": session,
            "update": {"time_spent_delta": seconds},
        }
        for seconds in range(8, 80)
    ]
    items[2]["update"] = {"progress": 7}

    recorder = BatchRecorder(recording, Settings(jwt_secret="for this test only"))
    results = (await recorder.record({"items": items}, by=Actor(new_id()))).results

    assert [result.status for result in results[:5]] == [200, 200, 400, 200, 200]
    assert {result.status for result in results[5:]} == {503}
    assert recording.recorded == [8, 9, 11, 12]
