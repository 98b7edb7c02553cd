"""The endpoints of reports."""

from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import Parameter
from msgspec.structs import replace

from learntrack.access.actor import ActorRequest
from learntrack.access.guards import staff_only
from learntrack.access.standing import caller_of
from learntrack.domain import moments
from learntrack.reports import formats
from learntrack.reports.file_names import attachment
from learntrack.reports.filters import ReportFilters, read_flag, report_filters
from learntrack.reports.formats import ReportAnswer
from learntrack.reports.parameters import (
    CSV,
    JSON_LINES,
    NARROWED,
    Attempts,
    Bom,
    Details,
    Narrowed,
    ReportForm,
    ReportPageSize,
    report_form,
)
from learntrack.reports.questions import questions
from learntrack.reports.schemas import REPORT_EXAMPLE, REPORT_NAMES_EXAMPLE, Report, ReportName
from learntrack.reports.service import Reports
from learntrack.storage import Database
from learntrack.web.answers import JSON, json_response, stream_response
from learntrack.web.api_description import also_as
from learntrack.web.examples import example
from learntrack.web.paging import PageRequest, page_request
from learntrack.web.parameters import PageNumber
from learntrack.web.problems import answers


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
        dependencies=NARROWED,
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
        db: NamedDependency[Database],
        narrowed: Narrowed,
        attempts: Attempts = None,
        details: Details = None,
        format: ReportForm = None,
        bom: Bom = None,
        page: PageNumber = None,
        page_size: ReportPageSize = None,
    ) -> Response[Any]:
        """For coaches, admins and superusers, limited to what they may read.
        `Learntrack-As-Of` says as of when it is, `Learntrack-Timezone` and a file's name where its days begin.
        """
        form = report_form(format)
        asked = page_request(page, page_size)
        filters = report_filters(**narrowed, attempts=attempts, details=details)
        answer = await reports.report(name, filters, by=caller_of(request))
        headers = {"Learntrack-As-Of": answer.as_of.isoformat()}
        if form != "json":
            return await _file_of(db, answer, replace(filters, timezone=answer.timezone), form, bom, headers)
        return await _json_of(reports, answer, asked, headers)


async def _json_of(
    reports: Reports, answer: ReportAnswer, page: PageRequest | None, headers: dict[str, str]
) -> Response[Any]:
    if page is not None:
        return json_response(await reports.page(answer, page), headers)
    return await stream_response(formats.as_json(answer), JSON, headers)


async def _file_of(
    db: Database, answer: ReportAnswer, filters: ReportFilters, form: str, bom: str | None, headers: dict[str, str]
) -> Response[Any]:
    headers = headers | await attachment(db.reports, answer.name, filters, form, moments.now())
    if form == "jsonl":
        return await stream_response(formats.as_json_lines(answer.columns, answer.rows), JSON_LINES, headers)
    with_bom = read_flag("bom", bom, default=True)
    return await stream_response(formats.as_csv(answer.columns, answer.rows, bom=with_bom), CSV, headers)
