"""Units of courses: the test before each against the one after it."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from learntrack.documents import Question
from learntrack.domain.unit_tests import content_id
from learntrack.pages.school import ClassContent, ClassCourse, ClassLearner, ClassRoster
from learntrack.pages.words import Words
from learntrack.storage.database import Row


class Tests(Struct):
    """A learner's scores (shares) before and after a unit; None of a test that is not handed in."""

    learner: ClassLearner
    pre: float | None
    post: float | None

    @property
    def gain(self) -> float | None:
        """The score after less the one before."""
        return None if self.pre is None or self.post is None else self.post - self.pre

    @property
    def nothing_to_gain(self) -> bool:
        """Whether everything was right before already, and still is."""
        return self.pre is not None and self.post is not None and self.pre >= 1 and self.post >= 1


class Unit(Struct):
    """A unit of a course, with the tests of those who have handed in one."""

    id: str
    course: ClassCourse
    title: str
    tests: list[Tests]
    questions: tuple[Question, ...] = ()

    @property
    def both(self) -> list[Tests]:
        """Those with both tests."""
        return [each for each in self.tests if each.gain is not None]

    @property
    def gained(self) -> int:
        """How many have a higher score after it."""
        return sum((each.gain or 0.0) > 0 for each in self.both)

    @property
    def no_gain(self) -> int:
        """How many have not, though there was something to gain; those who fell among them."""
        return len(self.both) - self.gained - self.all_right

    @property
    def fell(self) -> int:
        """How many have a lower score after it."""
        return sum((each.gain or 0.0) < 0 for each in self.both)

    @property
    def all_right(self) -> int:
        """How many had everything right in both tests."""
        return sum(each.nothing_to_gain for each in self.both)

    def average(self, name: str) -> float | None:
        """The mean of `pre`, `post` or `gain` of those with both tests."""
        values = [getattr(each, name) for each in self.both]
        return sum(values) / len(values) if values else None

    @property
    def points(self) -> int:
        """The mean gain in points of per cent, rounded."""
        return round(100 * (self.average("gain") or 0.0))

    @property
    def average_pre(self) -> float | None:
        """The mean before the unit, of those who have handed that test in."""
        values = [each.pre for each in self.tests if each.pre is not None]
        return sum(values) / len(values) if values else None


def units_of(rows: Sequence[Row], school: ClassRoster, titles: Mapping[str, ClassContent], words: Words) -> list[Unit]:
    """The units of rows of the learning-gain report, in the order in which they were begun; those of courses that are
    not the class's are left out.
    """
    courses = {course.id: course for course in school.courses}
    learners = {learner.id: learner for learner in school.learners}
    by_unit: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=_begun):
        if row["course_session_id"] in courses and row["user_id"] in learners:
            by_unit.setdefault((row["course_session_id"], row["unit_id"]), []).append(row)
    units: list[Unit] = []
    for (course, unit), found in by_unit.items():
        number = sum(each.course.id == course for each in units) + 1
        title = titles[unit].title if unit in titles else None
        tests = [Tests(learners[row["user_id"]], row["pre_score"], row["post_score"]) for row in found]
        named = title or words.say("Unit %(number)s", number=words.number(number))
        questions = titles[unit].questions if unit in titles else ()
        units.append(Unit(unit, courses[course], named, sorted(tests, key=_smallest_gain_first), questions))
    return units


def tests_of(units: Sequence[Unit], words: Words) -> dict[str, ClassContent]:
    """The pre- and post-tests of units, as the contents as which they are stored."""
    found = {}
    for unit in units:
        for test, title in (
            ("pre", words.say("Pre-test: %(title)s", title=unit.title)),
            ("post", words.say("Post-test: %(title)s", title=unit.title)),
        ):
            key = content_id(unit.course.id, unit.id, "pre" if test == "pre" else "post")
            found[key] = ClassContent(key, "quiz", title, unit.questions)
    return found


def _begun(row: Row) -> float:
    moments = [row[name].timestamp() for name in ("pre_timestamp", "post_timestamp") if row[name] is not None]
    return min(moments, default=0.0)


def _smallest_gain_first(tests: Tests) -> tuple[bool, float, float, str]:
    """Of equal gains the lower score first: who has everything right needs no look."""
    return tests.gain is None, tests.gain or 0.0, tests.post or 0.0, tests.learner.name.casefold()
