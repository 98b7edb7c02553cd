"""The contract's rules over documents in memory: no database, no HTTP, a group of jobs at a time."""

from datetime import timedelta
from typing import Any, cast

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id, summary_id
from learntrack.domain.mastery import COACH_ASSIGNED_QUIZ, Criterion
from learntrack.domain.progress import Advance
from learntrack.errors import Conflict, InvalidFields, NotFound, QuizFinished, TooLarge
from learntrack.tracking import recording
from learntrack.tracking.delivery import Delivery
from learntrack.tracking.jobs import StartJob, UpdateJob
from learntrack.tracking.schemas import SessionStarted, SessionUpdated
from learntrack.tracking.unit_of_work import UnitOfWork

NOW = moments.now()
LEARNER, CONTENT = new_id(), new_id()
DO_ALL: Criterion = {"type": "do_all"}


class Group:
    """Jobs of one learner at one content, done one after the other."""

    def __init__(self) -> None:
        self.unit = UnitOfWork(cast(Any, None), None)  # nothing is loaded, and nothing stored
        self.limits = AttemptLimits(interactions=3)

    def start(self, criterion: Criterion | None = DO_ALL, **more: Any) -> SessionStarted:
        job: dict[str, Any] = {
            "session_id": new_id(),
            "user_id": LEARNER,
            "visitor_id": None,
            "content_id": CONTENT,
            "channel_id": None,
            "kind": "exercise",
            "criterion": criterion,
            "context": {},
            "assigned": (),
            "repeat": False,
            "at": NOW,
        }
        return recording.start(StartJob(**job | more), self.unit)

    def update(
        self, session: SessionStarted, *items: str, by: str | None = LEARNER, attempt: str | None = None, **step: float
    ) -> SessionUpdated:
        sent = [Interaction(item, 1.0, 2.0, id=attempt, answer={}) for item in items]
        job = UpdateJob(
            session_id=session.session_id,
            user_id=by,
            advance=Advance(**step),
            extra_fields=None,
            interactions=sent,
            at=NOW + timedelta(seconds=1),
        )
        return recording.update(job, self.unit, self.limits)

    @property
    def summary(self) -> ContentSummary:
        return self.unit.summaries[summary_id(LEARNER, CONTENT)]

    def log(self, session: SessionStarted) -> MasteryLog:
        return self.unit.logs[self.unit.sessions[session.session_id].mastery_log_id or ""]

    def stored(self) -> list[Any]:
        """All that would be stored."""
        documents = [*self.unit.sessions.values(), *self.unit.summaries.values(), *self.unit.logs.values()]
        return [document.row() for document in documents]


@pytest.fixture
def group() -> Group:
    return Group()


def test_an_unfinished_try_goes_on(group: Group) -> None:
    first = group.start()
    group.update(first, "a", "b", time_spent=5.0)

    second = group.start()

    assert group.log(second) is group.log(first)
    assert [attempt.item for attempt in second.pastattempts or []] == ["a", "b"]
    assert (second.totalattempts, second.time_spent, second.complete) == (2, 5.0, False)


@pytest.mark.parametrize(("repeat", "level"), [(False, 1), (True, 2)])
def test_a_finished_try_goes_on_unless_it_is_repeated(group: Group, repeat: bool, level: int) -> None:
    group.update(group.start(), reached=1.0)

    again = group.start(repeat=repeat)

    assert again.context.mastery_level == level
    assert again.complete is not repeat
    assert group.summary.progress == (0.0 if repeat else 1.0)


def test_tries_of_other_kinds_do_not_mix(group: Group) -> None:
    exercise, quiz, coachs = group.start(), group.start({"type": "quiz"}), group.start(COACH_ASSIGNED_QUIZ)

    assert len({group.log(each).id for each in (exercise, quiz, coachs)}) == 3
    assert group.log(exercise).mastery_level == 1
    assert group.log(quiz).mastery_level < 0
    assert group.log(coachs).mastery_level < 0


def test_a_finished_coach_assigned_quiz_is_final(group: Group) -> None:
    quiz: dict[str, Any] = {"criterion": COACH_ASSIGNED_QUIZ, "context": {"quiz_id": CONTENT}}
    group.unit._assigned.add((CONTENT, LEARNER))
    session = group.start(**quiz)
    group.update(session, reached=1.0)
    before = group.stored()

    with pytest.raises(QuizFinished):
        group.update(session, "a")
    with pytest.raises(QuizFinished):
        group.start(**quiz)

    assert group.stored() == before


def test_a_try_is_finished_and_counted_once(group: Group) -> None:
    session = group.start()

    group.update(session, reached=1.0)
    group.update(session, time_spent=3.0)

    assert group.log(session).complete
    assert group.log(session).completion_timestamp == NOW + timedelta(seconds=1)
    assert group.summary.finished_tries == 1


def test_progress_that_is_all_known_leaves_an_unfinished_try_alone(group: Group) -> None:
    session = group.start()

    group.update(session, delta=0.5)

    assert group.summary.progress == 0.5
    assert group.log(session).end_timestamp == NOW


@pytest.mark.parametrize(
    ("refusal", "what"),
    [
        (InvalidFields, {"items": ("a",), "attempt": new_id()}),
        (TooLarge, {"items": ("a", "a", "a", "a")}),
        (NotFound, {"items": ("a",), "by": new_id()}),
        (NotFound, {"items": ("a",), "by": None}),
    ],
)
def test_a_refused_update_changes_nothing(group: Group, refusal: type[Exception], what: dict[str, Any]) -> None:
    session = group.start()
    group.update(session, "a")
    before = group.stored()

    with pytest.raises(refusal):
        group.update(session, *what.pop("items"), **what, time_spent=9.0)

    assert group.stored() == before


def test_a_clients_session_id_is_taken_once(group: Group) -> None:
    session = group.start(delivery=Delivery(NOW)).session_id

    with pytest.raises(Conflict):
        group.start(session_id=session, delivery=Delivery(NOW))
    with pytest.raises(NotFound):
        group.start(session_id=session, delivery=Delivery(NOW), user_id=new_id())


def test_an_anonymous_visit_keeps_its_attempts_itself(group: Group) -> None:
    session = group.start(user_id=None)

    updated = group.update(session, "a", by=None, reached=1.0)

    assert updated.complete
    assert group.unit.sessions[session.session_id].attempt_count == 1
    assert not group.unit.logs
    assert not group.unit.summaries
