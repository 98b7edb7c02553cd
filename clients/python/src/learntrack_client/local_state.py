"""What a content will be once all that waits is sent: the service's last answer, and what was done since.

It follows what the service does with an update (its docs: the life of a session), so that an app can show it offline.
Only what goes on with an attempt older than those that are shown is not seen here, until the service tells it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import groupby
from math import ceil

from msgspec import Struct, field, structs

from learntrack_client.shapes import AttemptView, Criterion, Interaction, JsonObject, Start, Update

_OTHERS_SHOWN = 10
_IN_A_ROW = "num_correct_in_a_row_"


class SessionState(Struct, kw_only=True):
    """Where the learner is in a content.

    `known` says whether the service has ever told this device about it: if not, what was done elsewhere is not in here.
    `attempts` are the newest of this try, newest first, as many as mastery is decided on; `mastery_criterion` and they
    are there for assessments.
    """

    known: bool = False
    progress: float = 0.0
    time_spent: float = 0.0
    complete: bool = False
    extra_fields: JsonObject = field(default_factory=dict)
    mastery_criterion: Criterion | None = None
    attempts: list[AttemptView] = field(default_factory=list)
    total_attempts: int = 0
    left_out: list[str] = field(default_factory=list)


class StartAnswer(Struct):
    """What the service answers to a start."""

    progress: float
    time_spent: float
    extra_fields: JsonObject
    complete: bool
    mastery_criterion: Criterion | None = None
    pastattempts: list[AttemptView] = []
    totalattempts: int = 0
    left_out: list[str] = []


class UpdateAnswer(Struct):
    """What the service answers to an update."""

    complete: bool
    attempts: list[AttemptView] = []


def told(answer: StartAnswer) -> SessionState:
    """The state that the answer to a start says."""
    return SessionState(
        known=True,
        progress=answer.progress,
        time_spent=answer.time_spent,
        complete=answer.complete,
        extra_fields=answer.extra_fields,
        mastery_criterion=answer.mastery_criterion,
        attempts=answer.pastattempts,
        total_attempts=answer.totalattempts,
        left_out=answer.left_out,
    )


def after_start(state: SessionState, start: Start) -> SessionState:
    """The state after a visit has begun; a finished try is followed by another one only if `repeat` says so."""
    criterion = state.mastery_criterion or _criterion(start)
    if not start.repeat:
        return structs.replace(state, mastery_criterion=criterion)
    again = structs.replace(state, progress=0.0, complete=False, mastery_criterion=criterion)
    if state.complete and criterion is not None:
        again = structs.replace(
            again, time_spent=0.0, attempts=[], total_attempts=0, mastery_criterion=_criterion(start)
        )
    return again


def after_update(state: SessionState, update: Update) -> SessionState:
    """The state after an update."""
    progress = _progress(state.progress, update)
    attempts = [structs.replace(attempt) for attempt in state.attempts]
    begun: list[float] = []
    for _, group in groupby(update.interactions or [], lambda each: each.item):
        _fold(attempts, list(group), begun)
    return structs.replace(
        state,
        progress=progress,
        time_spent=state.time_spent + (update.time_spent_delta or 0.0),
        complete=progress >= 1 or (state.complete and state.mastery_criterion is not None),
        extra_fields=state.extra_fields if update.extra_fields is None else update.extra_fields,
        attempts=attempts[: _shown(state.mastery_criterion)],
        total_attempts=state.total_attempts + len(begun),
    )


def after_answer(before: SessionState, update: Update, answer: UpdateAnswer | None) -> SessionState:
    """The state after an update that the service has answered: its attempts as it tells them, with their ids."""
    after = after_update(before, update)
    if answer is None or not answer.attempts:
        return after
    attempts = list(before.attempts)
    begun: list[float] = []
    for attempt in answer.attempts:
        places = [place for place, each in enumerate(attempts) if each.id == attempt.id]
        if places:
            attempts[places[0]] = attempt
        else:
            _begin(attempts, attempt, begun)
    return structs.replace(after, attempts=attempts[: _shown(before.mastery_criterion)])


def _progress(before: float, update: Update) -> float:
    if update.progress_delta is not None:
        return _rounded(before + update.progress_delta)
    return before if update.progress is None else _rounded(update.progress)


def _rounded(progress: float) -> float:
    """Rounded up to thousandths, as the service does, so that many tiny steps still finish."""
    return min(1.0, ceil(progress * 1000) / 1000)


def _fold(attempts: list[AttemptView], group: list[Interaction], begun: list[float]) -> None:
    """Fold consecutive interactions on one item into the attempt that the first of them names, or into a new one."""
    attempt = _named(attempts, group[0])
    rest: Iterable[Interaction] = group
    if attempt is None:
        if group[0].id is not None:
            return  # an attempt that this device does not know
        attempt, rest = _begun(group[0]), group[1:]
        _begin(attempts, attempt, begun)
    for interaction in rest:
        _go_on(attempt, interaction)


def _begin(attempts: list[AttemptView], attempt: AttemptView, begun: list[float]) -> None:
    """Put a new attempt where it belongs among those that began in the same update, whose seconds are in `begun`: what
    took longer began earlier; of equal ones the first recorded counts as the newest.
    """
    place = bisect_right(begun, attempt.time_spent)
    begun.insert(place, attempt.time_spent)
    attempts.insert(place, attempt)


def _named(attempts: list[AttemptView], first: Interaction) -> AttemptView | None:
    if first.id is not None:
        return next((each for each in attempts if each.id == first.id), None)
    if first.replace:
        return next((each for each in attempts if each.item == first.item), None)
    return None


def _begun(first: Interaction) -> AttemptView:
    return AttemptView(
        item=first.item,
        correct=first.correct,
        time_spent=first.time_spent,
        complete=first.complete,
        hinted=first.hinted,
        error=first.error,
        answer=first.answer or {},
    )


def _go_on(attempt: AttemptView, interaction: Interaction) -> None:
    attempt.time_spent = interaction.time_spent
    attempt.error = attempt.error or interaction.error
    attempt.hinted = attempt.hinted or (interaction.hinted and not attempt.correct)
    if interaction.replace:
        attempt.correct = interaction.correct
        attempt.answer = attempt.answer if interaction.answer is None else interaction.answer
    attempt.complete = attempt.complete or interaction.complete


def _criterion(start: Start) -> Criterion | None:
    content = start.content
    if content.quiz_id is not None:
        return Criterion(type="quiz", coach_assigned=True)
    if content.unit_id is not None:
        return Criterion(type="pre_post_test", test_type=content.test_type)
    if content.mastery_model is None:
        return None
    return Criterion(type=content.mastery_model.type, m=content.mastery_model.m, n=content.mastery_model.n)


def _shown(criterion: Criterion | None) -> int | None:
    """How many attempts mastery is decided on; None: all."""
    kind = (criterion.type if criterion else None) or ""
    if kind in ("quiz", "pre_post_test"):
        return None
    if kind == "m_of_n" and criterion is not None and criterion.n is not None:
        return max(0, criterion.n)
    in_a_row = kind.removeprefix(_IN_A_ROW) if kind.startswith(_IN_A_ROW) else ""
    return int(in_a_row) if in_a_row.isdecimal() else _OTHERS_SHOWN
