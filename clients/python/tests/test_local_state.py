"""What a content will be once all is sent: the plan's cases, which are the service's own answers."""

from typing import Any

import msgspec
import pytest
from plans import cases

from learntrack_client.local_state import SessionState, UpdateAnswer, after_answer, after_start, after_update
from learntrack_client.shapes import AttemptView, Content, Interaction, MasteryModel, Start, Update

CASES = cases("local_state")


def folded(case: Any) -> SessionState:
    model = case["mastery_model"] and MasteryModel(**case["mastery_model"])
    content = Content(kind=case["kind"], mastery_model=model)
    state = SessionState()
    for step in case["steps"]:
        if "start" in step:
            state = after_start(state, Start(content, **step["start"]))
        else:
            state = after_update(state, msgspec.convert(step["update"], Update))
    return state


@pytest.mark.parametrize("name", CASES)
def test_the_state_is_what_the_service_will_answer(name: str) -> None:
    expected = CASES[name]["expect"]

    state = msgspec.to_builtins(folded(CASES[name]))

    assert state["progress"] == pytest.approx(expected["progress"])
    for field in ("time_spent", "complete", "extra_fields", "mastery_criterion", "total_attempts"):
        assert state[field] == expected[field], field
    assert [{k: v for k, v in each.items() if k != "id"} for each in state["attempts"]] == expected["attempts"]


def attempt(**more: Any) -> AttemptView:
    return AttemptView(**{"id": "one", "item": "a", "correct": 0.0, "time_spent": 1.0} | more)


def test_an_update_goes_on_with_an_attempt_by_its_id() -> None:
    state = SessionState(known=True, attempts=[attempt()], total_attempts=1)

    after = after_update(state, Update(interactions=[Interaction("b", 1, 2, answer={}, id="one", replace=True)]))

    assert [(each.id, each.item, each.correct, each.time_spent) for each in after.attempts] == [("one", "a", 1, 2)]
    assert after.total_attempts == 1
    assert state.attempts[0].correct == 0.0, "what was before is not changed"


def test_an_attempt_that_this_device_does_not_know_is_not_made_up() -> None:
    after = after_update(SessionState(), Update(interactions=[Interaction("a", 1, 2, answer={}, id="elsewhere")]))

    assert (after.attempts, after.total_attempts) == ([], 0)


def test_an_answered_updates_attempts_have_the_services_ids() -> None:
    update = Update(interactions=[Interaction("a", 1, 2, answer={"v": 1})])
    told = attempt(id="two", correct=1.0, time_spent=2.0, answer={"v": 1})

    after = after_answer(SessionState(known=True), update, UpdateAnswer(False, [told]))

    assert (after.attempts, after.total_attempts) == ([told], 1)
