"""The endpoints of reports and exports."""

from typing import Annotated, Any, Literal

from litestar import Controller, Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from learntrack.access.actor import ActorRequest
from learntrack.access.guards import staff_only
from learntrack.access.may_read import may_read
from learntrack.access.standing import caller_of
from learntrack.reports import formats
from learntrack.reports.exports import columns as export_columns
from learntrack.reports.exports import export
from learntrack.reports.filters import OBSERVATIONS, report_filters
from learntrack.reports.questions import questions
from learntrack.reports.schemas import REPORT_EXAMPLE, REPORT_NAMES_EXAMPLE, Report, ReportName
from learntrack.reports.service import Reports
from learntrack.storage import Database
from learntrack.web.answers import JSON, json_response, stream_response
from learntrack.web.api_description import also_as
from learntrack.web.examples import example
from learntrack.web.paging import page_request
from learntrack.web.parameters import BOOLEAN, COUNT, TEXT, Classroom, Content, Facility, PageNumber, query
from learntrack.web.problems import answers

CSV = "text/csv; charset=utf-8"


Since = Annotated[str | None, query("From this moment on (ISO 8601, UTC); a date alone is its whole day.")]
Until = Annotated[
    str | None, query("Before this moment, which is not included (ISO 8601, UTC); a date alone is, as its whole day.")
]
Timezone = Annotated[
    str | None, query("Where days begin: an IANA name such as Africa/Nairobi. Without it the facility's, else UTC.")
]


def _csv_spec(kind: str) -> ResponseSpec:
    _, titles = export_columns(kind)
    return ResponseSpec(
        str,
        description="A log a line.",
        media_type="text/csv",
        examples=example(",".join(titles) + "\r\n"),
        generate_examples=False,
    )


class ReportController(Controller):
    """Analytical questions, answered about the learners whom you may read."""

    path = "/api/reports"
    tags = ["Reports"]

    @get(
        operation_id="list_reports",
        responses=answers(401, 503, ok=(list[ReportName], "The reports.", example(REPORT_NAMES_EXAMPLE))),
        summary="Which reports there are",
    )
    async def names(self) -> list[ReportName]:
        """Every report by its name, with what it says."""
        return [ReportName(name, found.title, found.description, found.columns) for name, found in questions().items()]

    @get(
        "/{name:str}",
        operation_id="get_report",
        operation_class=also_as("text/csv", "day,learners,sessions,time_spent\r\n2026-03-02,24,61,40260.5\r\n"),
        guards=[staff_only],
        responses=answers(400, 401, 403, 404, 503, ok=(Report, "The report.", example(REPORT_EXAMPLE))),
        summary="A report",
    )
    async def report(
        self,
        name: Annotated[str, Parameter(description="Which report, for example daily-activity.")],
        request: ActorRequest,
        reports: NamedDependency[Reports],
        since: Since = None,
        until: Until = None,
        facility: Facility = None,
        classroom: Classroom = None,
        content: Content = None,
        timezone: Timezone = None,
        attempts: Annotated[
            str | None,
            query("Item analysis: which answers to a question count.", **TEXT, enum=list(OBSERVATIONS)),
        ] = None,
        details: Annotated[str | None, query("Item analysis: who gave which wrong answer.", **BOOLEAN)] = None,
        format: Annotated[Literal["json", "csv"], query("json or csv.", **TEXT, enum=["json", "csv"])] = "json",
        page: PageNumber = None,
        page_size: Annotated[str | None, query("Answer with a page of this many rows (JSON only).", **COUNT)] = None,
    ) -> Response[Any]:
        """For coaches, admins and superusers, limited to what they may read.
        `Learntrack-As-Of` says as of when it is.
        """
        asked = page_request(page, page_size)
        filters = report_filters(
            since=since,
            until=until,
            facility=facility,
            classroom=classroom,
            content=content,
            timezone=timezone,
            attempts=attempts,
            details=details,
        )
        answer = await reports.report(name, filters, by=caller_of(request))
        headers = {"Learntrack-As-Of": answer.as_of.isoformat()}
        if format == "csv":
            headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
            return await stream_response(formats.as_csv(answer.columns, answer.rows), CSV, headers)
        if asked is not None:
            return json_response(await reports.page(answer, asked), headers)
        return await stream_response(formats.as_json(answer), JSON, headers)


class KolibriExportController(Controller):
    """What Kolibri's client asks about exports."""

    path = "/api/logger/generatecsvlogrequest"
    tags = ["Reports"]

    @get(
        operation_id="list_csv_log_requests",
        responses=answers(401, 503, ok=(list[str], "Always empty.", example([]))),
        summary="Exports that Kolibri keeps",
    )
    async def requests(self) -> list[str]:
        """When files were exported last, of which Kolibri keeps some. Here an export is made when it is asked for, so
        there are none.
        """
        return []


def _export(kind: Literal["sessions", "summaries"], what: str) -> HTTPRouteHandler:
    @get(
        f"/{kind}.csv",
        guards=[staff_only],
        responses=answers(400, 401, 403, 503) | {200: _csv_spec(kind)},
        media_type="text/csv",
        operation_id=f"export_{kind}",
        summary=f"{what} logs as CSV",
        description=f"The {kind}, quizzes left out, of the learners whom you may read; as coach, admin or superuser.",
    )
    async def handler(
        request: ActorRequest,
        db: NamedDependency[Database],
        since: Since = None,
        until: Until = None,
        facility: Facility = None,
        classroom: Classroom = None,
    ) -> Response[Any]:
        filters = report_filters(since=since, until=until, facility=facility, classroom=classroom)
        members = await may_read(caller_of(request), places=filters.places)
        shown, titles = export_columns(kind)
        headers = {"Content-Disposition": f'attachment; filename="content_{kind}.csv"'}
        rows = formats.as_csv(shown, export(db.reports, kind, filters, members), titles=titles)
        return await stream_response(rows, CSV, headers)

    return handler


exports = Router(
    "/api/logger/export",
    route_handlers=[_export("sessions", "Session"), _export("summaries", "Summary")],
    tags=["Reports"],
)
"""Logs as CSV, with the columns of Kolibri's export."""
