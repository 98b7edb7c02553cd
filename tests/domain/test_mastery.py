import pytest

from learntrack.domain import mastery


@pytest.mark.parametrize(
    ("criterion", "shown"),
    [
        ({"type": "m_of_n", "m": 3, "n": 7}, 7),
        ({"type": "num_correct_in_a_row_2"}, 2),
        ({"type": "num_correct_in_a_row_3"}, 3),
        ({"type": "num_correct_in_a_row_10"}, 10),
        ({"type": "do_all"}, 10),
        ({"type": "skill_check"}, 10),
        ({"type": "quiz"}, None),
        ({"type": "pre_post_test"}, None),
        ({"type": "whatever_comes_next"}, 10),
        ({"type": 7}, 10),
        ({"type": "m_of_n"}, 10),
        ({}, 10),
    ],
)
def test_how_many_past_attempts_are_shown(criterion: dict, shown: int | None) -> None:
    assert mastery.past_attempts_shown(criterion) == shown


def test_levels_of_exercises_count_up_and_those_of_quizzes_are_random_and_negative() -> None:
    assert mastery.next_level({"type": "do_all"}, None) == 1
    assert mastery.next_level({"type": "do_all"}, 4) == 5
    levels = {mastery.next_level({"type": "quiz"}, -3) for _ in range(50)}
    assert len(levels) == 50
    assert all(-(2**31) <= level < 0 for level in levels)


def test_only_a_coach_assigned_quiz_is_final() -> None:
    assert mastery.is_coach_assigned(mastery.COACH_ASSIGNED_QUIZ)
    assert not mastery.is_coach_assigned({"type": "quiz"})


@pytest.mark.parametrize(
    ("criterion", "kind"),
    [
        ({"type": "do_all"}, "exercise"),
        ({}, "exercise"),
        ({"type": "quiz"}, "quiz"),
        (mastery.COACH_ASSIGNED_QUIZ, "coach_quiz"),
        (mastery.unit_test("A", "pre"), "quiz"),
    ],
)
def test_the_level_of_a_try_says_whether_it_is_a_quiz_try(criterion: dict, kind: str) -> None:
    levels = [mastery.next_level(criterion, None), *(mastery.fitting_level(criterion, level) for level in (-7, 0, 7))]

    assert mastery.try_kind(criterion) == kind
    assert {mastery.is_quiz_level(level) for level in levels} == {mastery.is_quiz(criterion)} == {kind != "exercise"}


def test_a_level_that_a_quiz_has_already_is_kept() -> None:
    assert mastery.fitting_level({"type": "quiz"}, -5) == -5
    assert mastery.fitting_level({"type": "do_all"}, -(2**31)) == 2**31 - 1
