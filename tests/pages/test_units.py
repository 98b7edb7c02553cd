"""The tests of a unit, counted."""

from learntrack.pages import units
from learntrack.pages.school import ClassCourse, ClassLearner


def unit(*scores: tuple[float | None, float | None]) -> units.Unit:
    learners = [ClassLearner(str(number), f"learner {number}", frozenset()) for number in range(len(scores))]
    tests = [units.Tests(learner, pre, post) for learner, (pre, post) in zip(learners, scores, strict=True)]
    return units.Unit("unit", ClassCourse("course", "Course", frozenset()), "Unit", tests)


def test_who_had_everything_right_in_both_tests_has_not_failed_to_gain() -> None:
    found = unit((1.0, 1.0), (0.4, 0.4), (1.0, 0.5), (0.2, 0.6), (0.5, None))

    assert (found.gained, found.no_gain, found.fell, found.all_right) == (1, 2, 1, 1)
    assert found.gained + found.no_gain + found.all_right == len(found.both)
