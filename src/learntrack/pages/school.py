"""A class as the roster has it: its learners and groups, and what is assigned to whom."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from learntrack.access.assigned import learns_in
from learntrack.access.may_read import Readable
from learntrack.documents import CourseSession, Facility, LearnerGroup, Lesson, Question, Quiz
from learntrack.domain.time_zones import zone_info
from learntrack.pages.rules import Rule, rule_of
from learntrack.pages.viewer import Viewer, learners_in
from learntrack.reports.titles import Titled, titles_of
from learntrack.storage import Database
from learntrack.storage.database import Row

_NUMBER = re.compile(r"\d+")


class ClassLearner(Struct, frozen=True):
    """Somebody in the class; `places` are the collections whose assignments are theirs, their groups among them."""

    id: str
    name: str
    places: frozenset[str]


class ClassContent(Struct, frozen=True):
    """A content, a quiz among them; without a title where nobody has said one."""

    id: str
    kind: str
    title: str | None = None
    questions: tuple[Question, ...] = ()
    question_count: int | None = None

    @property
    def is_assessment(self) -> bool:
        """Whether it has questions, and so a page of its own."""
        return self.kind in ("exercise", "quiz")


class ClassLesson(Struct, frozen=True):
    """A lesson; `number` is its place among those of the class."""

    id: str
    title: str
    number: int
    content_ids: tuple[str, ...]
    places: frozenset[str]


class ClassCourse(Struct, frozen=True):
    """A course that is being given."""

    id: str
    title: str
    places: frozenset[str]


class ClassRoster(Struct):
    """A class, as its coach knows it."""

    id: str
    name: str
    facility_id: str
    zone: tzinfo
    rule: Rule
    learners: list[ClassLearner]
    groups: dict[str, str]
    lessons: list[ClassLesson]
    quizzes: dict[str, frozenset[str]]
    courses: list[ClassCourse]
    contents: dict[str, ClassContent]

    @property
    def readable(self) -> Readable:
        """Whose logs its figures are about."""
        return Readable([learner.id for learner in self.learners])

    def narrowed(self, learners: list[ClassLearner]) -> "ClassRoster":
        """The class with these learners only, so that reports are about nobody else."""
        return replace(self, learners=learners)

    def learner(self, user_id: str) -> ClassLearner | None:
        """A learner of the class."""
        return next((learner for learner in self.learners if learner.id == user_id), None)

    def assigned(self, places: frozenset[str]) -> list[ClassLearner]:
        """The learners to whom something is assigned that is assigned to these places."""
        return [learner for learner in self.learners if learner.places & places]

    def places_of(self, content_id: str) -> frozenset[str]:
        """The collections to which a content is assigned: as a quiz, or in every lesson that has it; none where it is
        in no lesson.
        """
        if content_id in self.quizzes:
            return self.quizzes[content_id]
        return frozenset().union(*(lesson.places for lesson in self.lessons if content_id in lesson.content_ids))

    def in_group(self, group: str | None) -> list[ClassLearner]:
        """The learners of a group of this class; all where none is meant."""
        if group is None:
            return self.learners
        return [learner for learner in self.learners if group in self.groups and group in learner.places]

    def groups_among(self, places: Iterable[str]) -> list[str]:
        """The names of the groups among these places; none where the whole class is."""
        places = set(places)
        if {self.id, self.facility_id} & places:
            return []
        return [name for group, name in self.groups.items() if group in places]

    def content(self, content_id: str, kind: str = "") -> ClassContent:
        """A content by its id, as far as anything is known of it."""
        return self.contents.get(content_id) or ClassContent(content_id, kind)

    def lesson_of(self, content_id: str) -> ClassLesson | None:
        """The first lesson with this content."""
        return next((lesson for lesson in self.lessons if content_id in lesson.content_ids), None)


async def class_roster(db: Database, viewer: Viewer, room: Row, *, contents: bool = True) -> ClassRoster:
    """The class of a room at which the viewer may look, with the learners whose logs they may read; without what is
    known of its contents where nobody asks.
    """
    learners = await learners_in(db, viewer, [room["_id"]])
    groups = {row["_id"]: row["name"] for row in await db.find(LearnerGroup, {"classroom_id": room["_id"]})}
    places = {"$in": [room["_id"], room["facility_id"], *groups]}
    lessons = in_order(await db.find(Lesson, {"collection_ids": places}))
    quizzes = in_order(await db.find(Quiz, {"collection_ids": places}))
    courses = in_order(await db.find(CourseSession, {"collection_ids": places}))
    facility = await db.find_one(Facility, {"_id": room["facility_id"]})
    named = {content for row in lessons for content in row.get("content_ids", ())} | {row["_id"] for row in quizzes}
    return ClassRoster(
        id=room["_id"],
        name=room["name"],
        facility_id=room["facility_id"],
        zone=zone_of_facility(facility),
        rule=rule_of(facility),
        learners=[ClassLearner(row["_id"], row["name"], learns_in(row)) for row in learners],
        groups=dict(sorted(groups.items(), key=lambda group: by_title(group[1]))),
        lessons=_lessons(lessons),
        quizzes={row["_id"]: frozenset(row["collection_ids"]) for row in quizzes},
        courses=[ClassCourse(row["_id"], row["title"], frozenset(row["collection_ids"])) for row in courses],
        contents=await contents_of(db, named) if contents else {},
    )


async def own_roster(db: Database, person: Row) -> ClassRoster:
    """What is assigned to one learner, of whatever class: as a class of their own, without an id."""
    places = {"$in": sorted(learns_in(person))}
    lessons = in_order(await db.find(Lesson, {"collection_ids": places}))
    quizzes = in_order(await db.find(Quiz, {"collection_ids": places}))
    facility = await db.find_one(Facility, {"_id": {"$in": list(person["places"])}})
    named = {content for row in lessons for content in row.get("content_ids", ())} | {row["_id"] for row in quizzes}
    return ClassRoster(
        id="",
        name="",
        facility_id="",
        zone=zone_of_facility(facility),
        rule=rule_of(facility),
        learners=[ClassLearner(person["_id"], person["name"], learns_in(person))],
        groups={},
        lessons=_lessons(lessons),
        quizzes={row["_id"]: frozenset(row["collection_ids"]) for row in quizzes},
        courses=[],
        contents=await contents_of(db, named),
    )


def _lessons(rows: Sequence[Row]) -> list[ClassLesson]:
    return [
        ClassLesson(
            row["_id"], row["title"], number, tuple(row.get("content_ids", ())), frozenset(row["collection_ids"])
        )
        for number, row in enumerate(rows, start=1)
    ]


async def contents_of(db: Database, ids: Iterable[str]) -> dict[str, ClassContent]:
    """What is known of these contents and quizzes. Index: the key."""
    found = await titles_of(db, set(ids), questions=True)
    return {key: _content(each) for key, each in found.items() if each.title or each.kind}


def zone_of_facility(facility: Row | None) -> tzinfo:
    """Where a school's days begin; UTC where it has not said so."""
    name: str | None = facility.get("timezone") if facility else None
    return zone_info(name) if name else UTC


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Rows by title, "2." before "10."."""
    return sorted(rows, key=lambda row: (by_title(row["title"]), row["_id"]))


def by_title(title: str) -> str:
    """What titles are sorted by, so that numbers in them count as numbers."""
    return _NUMBER.sub(lambda number: number[0].zfill(8), title.casefold())


def _content(known: Titled) -> ClassContent:
    return ClassContent(known.id, known.kind, known.title or None, known.questions, known.question_count)
