"""The pages under /reports/."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import Controller, MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter
from litestar.response import Redirect, ServerSentEvent, Stream

from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import NotFound, Refusal
from learntrack.pages import presentation, signing_in
from learntrack.pages.figures import Figures
from learntrack.pages.live import Live
from learntrack.pages.signing_in import NotSignedIn
from learntrack.pages.viewer import (
    Viewer,
    classroom_for,
    classrooms_of,
    learner_for,
    learners_in,
    may_still_look,
)
from learntrack.reports.filters import ReportFilters, report_filters
from learntrack.reports.service import columns_of, csv_of
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.headers import PAGE, with_policy
from learntrack.web.limits import ENDLESS
from learntrack.web.problems import status_of

_templates = Environment(
    loader=PackageLoader("learntrack.pages"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"duration": presentation.duration, "percent": presentation.percent}
_templates.globals |= {"STATUSES": presentation.STATUSES}

_BEAT_SECONDS = 5.0
"""How long after its viewer's token or role has ended an open page hears no more, at the most."""

Text = Annotated[str | None, Parameter(required=False)]


def render(template: str, status: int = 200, **values: Any) -> Response[str]:
    """A page."""
    return Response(_templates.get_template(template).render(**values), media_type=MediaType.HTML, status_code=status)


def problem_page(_: Request[Any, Any, Any], refusal: Refusal) -> Response[str]:
    """A refusal as a page."""
    status = status_of(refusal)
    return render("problem.html", status=status, title=status.phrase, refusal=refusal, viewer=None)


def to_sign_in(_: Request[Any, Any, Any], __: NotSignedIn) -> Response[Any]:
    """Whoever is not signed in goes to the sign-in page."""
    return signing_in.signed_out()


class PageController(Controller):
    """Pages; every one of them needs a signed-in viewer, but for signing in."""

    path = "/reports"
    include_in_schema = False
    request_max_body_size = 16 * 1024  # a token in a form
    opt = with_policy(PAGE)
    exception_handlers = {Refusal: problem_page, NotSignedIn: to_sign_in}

    @get("/sign-in")
    async def sign_in_page(
        self, request: Request[Any, Any, Any], signed_out: Text = None, wrong: Text = None
    ) -> Response[str]:
        """Where to go to the host's provider, or paste a token.

        One behind the # of any page's address is taken at once.
        """
        openid = signing_in.openid_in(request)
        here = f"{str(request.base_url).rstrip('/')}{signing_in.SIGN_IN}"
        way_out = await openid.way_out(here) if openid is not None and signed_out else None
        return render("sign_in.html", wrong=bool(wrong), viewer=None, provider=openid is not None, way_out=way_out)

    @post("/sign-in")
    async def sign_in(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Take a token, from a form's field `token` or the Authorization header, into a cookie."""
        signing_in.check_same_site(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not token:
            token = parse_qs((await request.body()).decode(errors="replace")).get("token", [""])[0].strip()
        try:
            await signing_in.actor_of(request, token)
        except NotSignedIn:
            provider = signing_in.openid_in(request) is not None
            return render("sign_in.html", status=401, wrong=True, viewer=None, provider=provider, way_out=None)
        return signing_in.signed_in(request, token, "/reports/")

    @post("/sign-out")
    async def sign_out(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Forget the token."""
        signing_in.check_same_site(request)
        return signing_in.signed_out(signing_in.SIGNED_OUT)

    @get("/")
    async def home(self, viewer: NamedDependency[Viewer], db: NamedDependency[Database]) -> Response[Any]:
        """The viewer's classes; a learner's own page."""
        classrooms = await classrooms_of(db, viewer)
        if not viewer.standing.is_staff:
            return Redirect(f"/reports/learner/{viewer.user_id}", status_code=303)
        if len(classrooms) == 1:
            return Redirect(f"/reports/class/{classrooms[0]['_id']}", status_code=303)
        return render("home.html", viewer=viewer, classrooms=classrooms)

    @get("/class/{classroom_id:str}")
    async def classroom(
        self,
        classroom_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        group: Text = None,
        lesson: Text = None,
        since: Text = None,
        until: Text = None,
        sort: Text = None,
        format: Text = None,
    ) -> Response[Any]:
        """A class on one page."""
        room = await classroom_for(db, viewer, classroom_id)
        shown = Figures(db)
        filters = report_filters(since=since, until=until)
        groups = await shown.groups(room["_id"])
        places = [room["_id"], *(row["_id"] for row in groups if group and row["_id"] == group)]
        learners = await learners_in(db, viewer, places)
        within = [room["_id"], room["facility_id"], *(row["_id"] for row in groups)]
        overview = await shown.overview(learners, filters, lesson=_id_or_none(lesson), sort=sort or "name")
        if format == "csv":
            return _csv("progress", overview.rows, columns_of("progress"))
        asked = {
            "group": group or "",
            "lesson": lesson or "",
            "since": since or "",
            "until": until or "",
            "sort": sort or "name",
        }
        return render(
            "classroom.html",
            viewer=viewer,
            room=room,
            overview=overview,
            groups=groups,
            lessons=await shown.assigned("lessons", within),
            quizzes=await shown.assigned("quizzes", within),
            asked=asked,
        )

    @get("/class/{classroom_id:str}/activity")
    async def activity(
        self,
        classroom_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        since: Text = None,
        until: Text = None,
        table: Text = None,
    ) -> Response[Any]:
        """A class's days, and the exercises that block it."""
        room = await classroom_for(db, viewer, classroom_id)
        shown, filters = Figures(db), report_filters(since=since, until=until)
        learners = await learners_in(db, viewer, [room["_id"]])
        days = await shown.report("daily-activity", learners, filters)
        funnel = await shown.report("mastery-funnel", learners, filters)
        for name, rows in (("daily-activity", days), ("mastery-funnel", funnel)):
            if table == name:
                return _csv(name, rows, columns_of(name))
        blocked = sorted(
            (row for row in funnel if row["attempted"] > row["mastered"]),
            key=lambda row: row["mastered"] - row["attempted"],
        )
        return render(
            "activity.html",
            viewer=viewer,
            room=room,
            days=days,
            bars=presentation.bars(days, "time_spent"),
            blocked=blocked,
            asked={"since": since or "", "until": until or ""},
        )

    @get("/class/{classroom_id:str}/quiz/{content_id:str}")
    async def quiz(
        self,
        classroom_id: FromPath[str],
        content_id: FromPath[str],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        table: Text = None,
    ) -> Response[Any]:
        """An assessment in a class: results by learner, and its questions."""
        room = await classroom_for(db, viewer, classroom_id)
        content = _id(content_id)
        shown = Figures(db)
        learners = await learners_in(db, viewer, [room["_id"]])
        lines = await shown.quiz_lines(content, learners)
        items = await shown.report("item-analysis", learners, ReportFilters(classroom=room["_id"], content=content))
        if table == "results":
            return _csv("results", lines, presentation.QUIZ_COLUMNS)
        if table == "item-analysis":
            return _csv(table, items, columns_of(table))
        title = (await shown.titles({content})).get(content)
        return render("quiz.html", viewer=viewer, room=room, content=content, title=title, lines=lines, items=items)

    @get("/learner/{user_id:str}")
    async def learner(
        self, user_id: FromPath[str], viewer: NamedDependency[Viewer], db: NamedDependency[Database], table: Text = None
    ) -> Response[Any]:
        """A learner: contents, tries, attempts, and what to look at next."""
        shown = Figures(db)
        person = await learner_for(db, viewer, _id(user_id))
        rows = await shown.report("progress", [person], ReportFilters())
        if table == "progress":
            return _csv(table, rows, columns_of(table))
        tries = await shown.tries(person["_id"])
        titles = await shown.titles({row["content_id"] for row in rows})
        attempts = await shown.attempts(person["_id"], viewer.caller)
        return render(
            "learner.html",
            viewer=viewer,
            person=person,
            rows=rows,
            tries=tries,
            attempts=attempts,
            titles=titles,
            following=presentation.what_next(rows),
        )

    @get("/class/{classroom_id:str}/events", opt={ENDLESS: True})
    async def events(
        self,
        classroom_id: FromPath[str],
        request: Request[Any, Any, Any],
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        live: NamedDependency[Live],
    ) -> ServerSentEvent:
        """Tells a page when something of the class has changed, for as long as the viewer may look at it."""
        room = await classroom_for(db, viewer, classroom_id)
        learners = frozenset(row["_id"] for row in await learners_in(db, viewer, [room["_id"]]))

        async def told() -> AsyncIterator[dict[str, str]]:
            yield {"event": "beat", "data": ""}
            async for changed in live.changes(learners, beat=_BEAT_SECONDS):
                if not await may_still_look(request, db, classroom_id):
                    return
                yield {"event": "changed" if changed else "beat", "data": ""}

        return ServerSentEvent(told())


def _id(text: str) -> str:
    if not is_id(text):
        raise NotFound("There is no such page.")
    return parse_id(text)


def _id_or_none(text: str | None) -> str | None:
    return parse_id(text) if text is not None and is_id(text) else None


def _csv(name: str, rows: Sequence[Row], columns: Mapping[str, str]) -> Response[Any]:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Stream(csv_of(columns, rows), media_type="text/csv", headers=headers)
