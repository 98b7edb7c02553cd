"""The start page, and the pages of learners."""

from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from learntrack.errors import NotFound
from learntrack.pages import tables
from learntrack.pages.asked import Asked, Text, id_in_path
from learntrack.pages.class_page import Line
from learntrack.pages.home_page import CLASSES, part_in_words, room_lines, sum_in_words
from learntrack.pages.learner_page import TRIES, LearnerView, cells_of, contents_shown, learner_view, next_to_begin
from learntrack.pages.line_chart import line_chart
from learntrack.pages.printing import printed
from learntrack.pages.rendering import AnyRequest, render, words_for
from learntrack.pages.school import ClassRoster, class_roster, own_roster
from learntrack.pages.stretch import places_of
from learntrack.pages.viewer import Viewer, classroom_for, classrooms_of, learner_for
from learntrack.pages.words import Words
from learntrack.storage import Database

_ALL_TRIES = 500


class LearnerController(Controller):
    """From the start to a learner."""

    path = "/reports"

    @get("/")
    async def home(
        self,
        request: AnyRequest,
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        all: Text = None,
        search: Text = None,
        skip: Text = None,
    ) -> Response[Any]:
        """The viewer's classes; a learner's own page; of one class alone its page, unless `all` are asked for."""
        if not viewer.standing.is_staff:
            return Redirect(f"/reports/learner/{viewer.user_id}", status_code=303)
        rooms = await classrooms_of(db, viewer)
        if len(rooms) == 1 and not all:
            return Redirect(f"/reports/class/{rooms[0]['_id']}", status_code=303)
        words = words_for(request)
        wanted = (search or "").strip()
        matching = [room for room in rooms if wanted.casefold() in room["name"].casefold()]
        at = int(skip) if skip and skip.isdecimal() and len(skip) < 6 else 0
        shown = await room_lines(db, viewer, matching, words, skip=at)
        further = urlencode({"all": 1, "search": wanted, "skip": at + CLASSES})
        return render(
            request,
            "home.html",
            words,
            viewer=viewer,
            rooms=rooms,
            shown=shown,
            search=wanted,
            more=f"?{further}" if len(matching) > at + CLASSES else "",
            class_part=part_in_words(at, len(shown), len(matching), words),
            sum=sum_in_words(shown, words),
        )

    @get("/learner/{user_id:str}")
    async def learner(
        self,
        request: AnyRequest,
        user_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        lesson: Text = None,
        format: Text = None,
        tries: Text = None,
        skip: Text = None,
    ) -> Response[Any]:
        """A learner: for a coach beside the class, where they share one; else alone."""
        person = await learner_for(db, viewer, id_in_path(user_id))
        for room in await classrooms_of(db, viewer) if viewer.standing.is_staff else []:
            if room["_id"] in person["places"]:
                return Redirect(f"/reports/class/{room['_id']}/learner/{person['_id']}", status_code=303)
        school = await own_roster(db, person)
        words = words_for(request, school.zone)
        asked = Asked.of(lesson=lesson, skip=skip)
        view = await learner_view(db, school, school.learners[0], words, asked, beside_class=False, most=_most(tries))
        return _page(request, viewer, school, view, words, asked, lesson, format)

    @get("/class/{classroom_id:str}/learner/{user_id:str}")
    async def learner_of_class(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        user_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        sort: Text = None,
        group: Text = None,
        lesson: Text = None,
        format: Text = None,
        tries: Text = None,
        skip: Text = None,
    ) -> Response[Any]:
        """A learner of a class, beside the class."""
        school = await class_roster(db, viewer, await classroom_for(db, viewer, classroom_id))
        learner = school.learner(id_in_path(user_id))
        if learner is None:
            raise NotFound("There is no such learner.")
        asked = Asked.of(sort=sort, group=group, skip=skip)
        words = words_for(request, school.zone)
        view = await learner_view(db, school, learner, words, asked, beside_class=True, most=_most(tries))
        return _page(request, viewer, school, view, words, asked, lesson, format)


def _page(
    request: AnyRequest,
    viewer: Viewer,
    school: ClassRoster,
    view: LearnerView,
    words: Words,
    asked: Asked,
    lesson: str | None,
    format: str | None,
) -> Response[Any]:
    if format == "csv":
        return tables.response(tables.of_tries(view.tries, words), view.learner.name, words)
    line: Line = view.line
    chosen = _chosen_lesson(view, lesson)
    places = places_of(view.columns)
    contents, stretch = contents_shown(view, chosen, asked.skip)
    return render(
        request,
        "learner.html",
        words,
        viewer=viewer,
        room=school,
        view=view,
        last=line.last,
        chosen=chosen,
        contents=contents,
        stretch=stretch,
        from_content=lambda first: asked.come_from(lesson=chosen, skip=str(first)),
        upcoming=next_to_begin(view),
        line_chart=line_chart(view.points, view.learner.name, words),
        come_from=asked.come_from(),
        to_content=lambda key: asked.to_content(key, places),
        lesson_address=lambda key: asked.come_from(lesson=key) or "?",
        csv=asked.come_from(format="csv", tries="all"),
        all_tries=asked.come_from(tries="all", lesson=chosen),
        printed=printed(words),
    )


def _chosen_lesson(view: LearnerView, asked: str | None) -> str:
    """The lesson whose contents are shown: the one asked for, else the first with what needs help, else all of one."""
    lessons = [group.lesson.id for group in view.columns if group.lesson is not None]
    if asked == "all" or asked in lessons:
        return str(asked)
    for word in ("help", "started"):
        for group in view.columns:
            if group.lesson is not None and any(cell and cell.word == word for cell in cells_of(view, group)):
                return group.lesson.id
    return lessons[0] if len(lessons) == 1 and len(view.columns) == 1 else "all"


def _most(tries: str | None) -> int:
    return _ALL_TRIES if tries == "all" else TRIES
