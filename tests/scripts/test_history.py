"""What benches measure with is stored as the service stores it."""

from pathlib import Path

import pytest

from tests.documents.stored import fault_of

BENCH = Path(__file__).parents[2] / "scripts/bench"


def test_the_history_of_a_school_is_what_the_documents_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH))
    from history import visits
    from school import make_school

    rows = list(visits(make_school(1, classes=1, learners=3, contents=2), attempts=14))

    names = ("content_sessions", "content_summaries", "mastery_logs")
    assert len(rows) == 6
    assert [
        fault for visit in rows for name, row in zip(names, visit, strict=True) if (fault := fault_of(name, row))
    ] == []
