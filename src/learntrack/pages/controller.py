"""The pages of classes and learners, under /reports/."""

from functools import partial
from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from learntrack.errors import NotFound
from learntrack.pages import tables
from learntrack.pages.activity_page import activity_view
from learntrack.pages.asked import Asked, Text, id_in_path, in_words
from learntrack.pages.cells import Cells, done_of
from learntrack.pages.class_page import column_groups, listed
from learntrack.pages.class_view import ClassView, class_view
from learntrack.pages.figures import Figures, last_work
from learntrack.pages.lesson_page import lesson_said, lesson_view
from learntrack.pages.periods import Period, period_of
from learntrack.pages.printing import printed
from learntrack.pages.quiz_page import LOW, WIDE, quiz_said, quiz_view
from learntrack.pages.rendering import AnyRequest, render, words_for
from learntrack.pages.rules import rule_in_words
from learntrack.pages.school import ClassContent, ClassRoster, class_roster, contents_of
from learntrack.pages.stretch import LEARNERS_AT_ONCE, grid_in, places_of, stretch_of
from learntrack.pages.viewer import Viewer, classroom_for
from learntrack.pages.words import Words
from learntrack.storage import Database


class PageController(Controller):
    """Pages; every one of them needs a signed-in viewer."""

    path = "/reports"

    @get("/class/{classroom_id:str}")
    async def classroom(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        search: Text = None,
        group: Text = None,
        lesson: Text = None,
        period: Text = None,
        since: Text = None,
        until: Text = None,
        sort: Text = None,
        skip: Text = None,
        all: Text = None,
        skip_learners: Text = None,
        format: Text = None,
    ) -> Response[Any]:
        """A class on one page."""
        school, words = await _school(request, db, viewer, classroom_id)
        what = {"search": search, "group": group, "lesson": lesson, "period": period, "since": since, "until": until}
        asked = Asked.of(**what, sort=sort, skip=skip, skip_learners=skip_learners)
        about = period_of(period, since, until, words)
        view = await class_view(db, school, words, asked, about)
        if format == "csv":
            return tables.response(tables.of_class(view.grid, words), school.name, words)
        return _class_page(request, words, viewer, school, asked, about, view, whole=bool(all))

    @get("/class/{classroom_id:str}/lesson/{lesson_id:str}")
    async def lesson(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        lesson_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        skip: Text = None,
        format: Text = None,
    ) -> Response[Any]:
        """A lesson of a class: its contents in order, and who is where."""
        school, words = await _school(request, db, viewer, classroom_id)
        lesson = next((each for each in school.lessons if each.id == id_in_path(lesson_id)), None)
        if lesson is None:
            raise NotFound("There is no such lesson.")
        view = await lesson_view(db, school, lesson)
        if format == "csv":
            return tables.response(tables.of_lesson(view, words), lesson.title, words)
        return render(
            request,
            "lesson.html",
            words,
            viewer=viewer,
            room=school,
            view=view,
            last=await last_work(db, school),
            learners_at_once=LEARNERS_AT_ONCE,
            said=lesson_said(view, school, words),
            stretch=stretch_of(len(view.rows), skip),
            printed=printed(words),
        )

    @get("/class/{classroom_id:str}/quiz/{content_id:str}")
    async def quiz(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        content_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        skip: Text = None,
        skip_learners: Text = None,
        format: Text = None,
    ) -> Response[Any]:
        """A quiz or an exercise in a class: learners by questions."""
        school, words = await _school(request, db, viewer, classroom_id)
        key = id_in_path(content_id)
        known = school.contents.get(key) or (await contents_of(db, [key])).get(key)
        content = known or ClassContent(key, "exercise")
        view = await quiz_view(db, school, content, words)
        if key not in school.contents and (known is None or known.kind != "exercise") and not view.begun:
            raise NotFound("There is no such page.")  # another class's: not even its title is told
        if format == "csv":
            return tables.response(tables.of_quiz(view, words), content.title or "", words)
        return render(
            request,
            "quiz.html",
            words,
            viewer=viewer,
            room=school,
            view=view,
            stretch=stretch_of(len(view.questions), skip),
            learners=stretch_of(len(view.lines), skip_learners, LEARNERS_AT_ONCE),
            asked=Asked.of(skip=skip, skip_learners=skip_learners),
            is_quiz=content.kind == "quiz",
            to_content=Asked().to_content(key, places_of(listed(school, column_groups(school, {})))),
            last=await last_work(db, school),
            order=view.order,
            said=quiz_said(view, words),
            low=LOW,
            wide=WIDE,
            printed=printed(words),
        )

    @get("/class/{classroom_id:str}/unit/{course_id:str}/{unit_id:str}")
    async def unit(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        course_id: FromPath[str],
        unit_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        skip_learners: Text = None,
        format: Text = None,
    ) -> Response[Any]:
        """The tests of a course's unit: before against after, by learner."""
        school, words = await _school(request, db, viewer, classroom_id)
        wanted = id_in_path(course_id), id_in_path(unit_id)
        units = await Figures(db, school).units(words)
        unit = next((each for each in units if (each.course.id, each.id) == wanted), None)
        if unit is None:
            raise NotFound("There is no such page.")
        if format == "csv":
            return tables.response(tables.of_unit(unit, words), unit.title, words)
        return render(
            request,
            "unit.html",
            words,
            viewer=viewer,
            room=school,
            unit=unit,
            last=await last_work(db, school),
            learners=stretch_of(len(unit.tests), skip_learners, LEARNERS_AT_ONCE),
            missing=sum(each.post is None for each in unit.tests),
            pre_taken=sum(each.pre is not None for each in unit.tests),
            printed=printed(words),
        )

    @get("/class/{classroom_id:str}/activity")
    async def activity(
        self,
        request: AnyRequest,
        classroom_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        period: Text = None,
        since: Text = None,
        until: Text = None,
        group: Text = None,
        format: Text = None,
        table: Text = None,
    ) -> Response[Any]:
        """A class's days, and the exercises that stop it."""
        school, words = await _school(request, db, viewer, classroom_id)
        asked = Asked.of(period=period, since=since, until=until, group=group)
        about = period_of(period, since, until, words, default="30")
        view = await activity_view(db, school, words, about, asked.group)
        if format == "csv":
            stuck = table == "stuck"
            found = tables.of_stuck(view.stuck, words) if stuck else tables.of_days(view.days.days, words)
            return tables.response(found, school.name, words)
        return render(
            request,
            "activity.html",
            words,
            viewer=viewer,
            room=school,
            view=view.facts,
            days=view.days,
            stuck=view.stuck,
            of=view.of,
            period=about,
            group=asked.group,
            first=view.days.days[0].first.isoformat(),
            until=view.days.days[-1].first.isoformat(),
            address=asked.query,
            printed=_when(about, words),
        )


async def _school(request: AnyRequest, db: Database, viewer: Viewer, classroom_id: str) -> tuple[ClassRoster, Words]:
    """The class of a page, and the words in which it is told, by its own calendar."""
    school = await class_roster(db, viewer, await classroom_for(db, viewer, classroom_id))
    return school, words_for(request, school.zone)


def _class_page(
    request: AnyRequest,
    words: Words,
    viewer: Viewer,
    school: ClassRoster,
    asked: Asked,
    about: Period,
    view: ClassView,
    *,
    whole: bool,
) -> Response[Any]:
    chips = list(asked.chips(school, about, words))
    stretch = stretch_of(len(view.grid.columns), asked.skip)
    to_content = partial(asked.to_content, places=view.places)
    learners = stretch_of(len(view.grid.lines), asked.skip_learners, LEARNERS_AT_ONCE)
    return render(
        request,
        "class.html",
        words,
        viewer=viewer,
        room=school,
        view=view,
        grid=grid_in(view.grid, stretch, learners),
        stretch=stretch,
        learners=learners,
        asked=asked,
        period=about,
        order=view.order,
        last=view.last,
        chips=chips,
        address=asked.query,
        cells=Cells(words, stretch.of([to_content(column.content.id) for column in view.grid.columns])),
        to_content=to_content,
        said=" · ".join([_sort_in_words(asked.sort, words), *(text for text, _ in chips), _when(about, words)]),
        whole=whole,
        nobody_matches=_nobody_matches(school, asked, words),
        worked_today=view.worked_on(words.today, words),
        rule=rule_in_words(view.rule, words),
        done_of=lambda counts: done_of(counts, words),
    )


def _when(about: Period, words: Words) -> str:
    """Of what period a paper tells, and when it was printed."""
    return f"{in_words(about, words)} · {printed(words)}"


def _sort_in_words(sort: str, words: Words) -> str:
    said = {
        "help": words.say("Needs help first"),
        "name": words.say("By name"),
        "done": words.say("Most done first"),
        "time": words.say("Most time first"),
        "last": words.say("Last worked first"),
    }
    return said[sort]


def _nobody_matches(school: ClassRoster, asked: Asked, words: Words) -> str:
    group = school.groups.get(asked.group)
    if group and asked.search:
        return words.say("Nobody in group %(group)s has “%(text)s” in the name.", group=group, text=asked.search)
    if asked.search:
        return words.say("Nobody has “%(text)s” in the name.", text=asked.search)
    return words.say("Nobody is in this group.")
