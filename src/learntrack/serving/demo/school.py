"""The demo school's roster."""

from learntrack.roster.records import (
    ClassroomRecord,
    ContentRecord,
    CourseSessionRecord,
    FacilityRecord,
    LearnerGroupRecord,
    LessonRecord,
    MembershipRecord,
    QuestionRecord,
    QuizRecord,
    RoleRecord,
    UserRecord,
)
from learntrack.roster.schemas import Roster
from learntrack.serving.demo.contents import COURSE, GROUP_QUIZ, LESSONS, UNIT, UNIT_TASKS, Item, Task
from learntrack.serving.demo.ids import demo_id
from learntrack.serving.demo.people import LEARNERS, ROOMS, STAFF

CHANNEL = demo_id("channel")
SCHOOL = demo_id("school")
NOT_WHOLE = "Demo school (not whole: load it again)"
GROUP = demo_id("red")
TOUR = demo_id("tour")
"""The exercise of the README's tour, which nobody has begun: the tour begins it."""
_TOURED = Task("1/2 + 1/4", "3/4", ("2/6",))


def items() -> list[tuple[str, Item]]:
    """Every content with the class whose it is."""
    return [(room, item) for room, lessons in LESSONS.items() for lesson in lessons for item in lesson.items]


def facility(*, whole: bool) -> FacilityRecord:
    """The school itself, whose name says so while it is not whole: whoever is killed leaves it like that."""
    return FacilityRecord(SCHOOL, "Demo school" if whole else NOT_WHOLE, timezone="Africa/Nairobi")


def roster() -> Roster:
    """Everybody and everything, of a school that is not whole before they have done something."""
    return Roster(
        facilities=[facility(whole=False)],
        classrooms=[ClassroomRecord(demo_id(room), name, SCHOOL) for room, name in ROOMS.items()],
        learner_groups=[LearnerGroupRecord(GROUP, "Blue", demo_id("A"))],
        users=[UserRecord(demo_id(each.key), each.username, SCHOOL, each.name) for each in LEARNERS]
        + [UserRecord(demo_id(key), key.lower(), SCHOOL, name) for key, name in STAFF.items()],
        memberships=[MembershipRecord(demo_id(each.key), demo_id(each.room)) for each in LEARNERS]
        + [MembershipRecord(demo_id(each.key), GROUP) for each in LEARNERS if each.in_group],
        roles=[RoleRecord(demo_id("Carla"), demo_id("A"), "coach"), RoleRecord(demo_id("Adam"), SCHOOL, "admin")],
        lessons=[
            LessonRecord(lesson.id, lesson.title, [demo_id(room)], [item.id for item in lesson.items])
            for room, lessons in LESSONS.items()
            for lesson in lessons
        ],
        quizzes=[
            QuizRecord(
                item.id, item.title, True, [GROUP if item == GROUP_QUIZ else demo_id(room)], questions=_questions(item)
            )
            for room, item in items()
            if item.kind == "quiz"
        ],
        course_sessions=[CourseSessionRecord(COURSE, "Fractions in daily life", [demo_id("A")])],
        contents=[
            ContentRecord(item.id, item.title, item.kind, CHANNEL, "Demo channel", questions=_questions(item) or None)
            for _, item in items()
            if item.kind != "quiz"
        ]
        + [
            ContentRecord(UNIT, "Fractions", "topic", questions=_records(UNIT_TASKS)),
            ContentRecord(TOUR, "Parts of a whole", "exercise", questions=_records((_TOURED,))),
        ],
    )


def _questions(item: Item) -> list[QuestionRecord]:
    return _records(item.tasks)


def _records(tasks: tuple[Task, ...]) -> list[QuestionRecord]:
    return [
        QuestionRecord(f"question {number}", task.title, right_answer=task.right)
        for number, task in enumerate(tasks, start=1)
    ]
