"""How long an engine counts as silent."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from learntrack.storage.engine import answering
from tests.processes import free_port


class Clock:
    """Shows what time it is said to be."""

    now = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(answering, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def nobody(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[answering.Answers]:
    """Who asks an engine that never answers."""
    monkeypatch.setattr(answering, "PATIENCE_MS", 20)
    answers = answering.Answers(f"mongodb://127.0.0.1:{free_port()}/")
    yield answers
    answers.close()


def test_an_engine_that_answers_nothing_is_hung_after_some_questions(clock: Clock, nobody: answering.Answers) -> None:
    found = []
    for _ in range(3):
        clock.now += 5
        found.append(nobody.silent_for())

    assert found == [5, 10, 15]


def test_the_time_in_which_this_process_stood_still_is_not_the_engines_silence(
    clock: Clock, nobody: answering.Answers
) -> None:
    """A container that is paused goes on with an engine that would have been ended for it, and started again."""
    clock.now += 3600

    assert 0 < nobody.silent_for() < answering.SILENCE_SECONDS


def test_what_has_just_been_started_begins_anew(clock: Clock, nobody: answering.Answers) -> None:
    clock.now += 5
    nobody.silent_for()
    nobody.begin_again()
    clock.now += 5

    assert nobody.silent_for() == 5
