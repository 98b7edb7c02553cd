"""The endpoints of exports."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from litestar import Controller, Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from msgspec.structs import replace

from learntrack.access.actor import ActorRequest
from learntrack.access.guards import staff_only
from learntrack.access.may_read import may_read
from learntrack.access.standing import Caller, caller_of
from learntrack.domain import moments
from learntrack.reports import formats
from learntrack.reports.exports import KINDS, ExportKind, columns, export
from learntrack.reports.file_names import attachment
from learntrack.reports.filters import ReportFilters, read_flag, report_filters
from learntrack.reports.parameters import CSV, JSON_LINES, NARROWED, Bom, Narrowed
from learntrack.reports.refusals import refuse_unknown_places
from learntrack.reports.time_zone import zone_of
from learntrack.reports.titles import topic_levels
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.answers import stream_response
from learntrack.web.examples import example
from learntrack.web.problems import answers

Form = Literal["csv", "jsonl"]


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


def _spec(kind: ExportKind, form: Form) -> ResponseSpec:
    first = (
        ",".join(column.title for column in columns(kind, levels=0)) + "\r\n"
        if form == "csv"
        else '{"username":"ada"}\n'
    )
    return ResponseSpec(
        str,
        description="A row a line.",
        media_type="text/csv" if form == "csv" else JSON_LINES,
        examples=example(first),
        generate_examples=False,
    )


def _parts(kind: ExportKind, form: Form, rows: AsyncIterator[Row], levels: int, *, bom: bool) -> AsyncIterator[bytes]:
    shown = columns(kind, levels)
    only_columns = [each.column for each in shown]
    if form == "jsonl":
        return formats.as_json_lines(only_columns, rows)
    return formats.as_csv(only_columns, rows, titles=[each.title for each in shown], bom=bom)


_LEFT_OUT = dict.fromkeys(("sessions", "summaries"), ", quizzes left out")


async def _exported(
    db: Database, kind: ExportKind, form: Form, filters: ReportFilters, bom: str | None, *, by: Caller
) -> Response[Any]:
    with_bom = read_flag("bom", bom, default=True)
    await refuse_unknown_places(db, filters, by)
    filters = replace(filters, timezone=await zone_of(db.reports, filters, asked_by=by.actor.user_id))
    members = await may_read(by, places=filters.places, left_after=filters.left_after)
    headers = await attachment(db.reports, kind, filters, form, moments.now())
    levels = await topic_levels(db.reports)
    parts = _parts(kind, form, export(db.reports, kind, filters, members, levels), levels, bom=with_bom)
    return await stream_response(parts, CSV if form == "csv" else JSON_LINES, headers)


def _export(kind: ExportKind, form: Form) -> HTTPRouteHandler:
    in_words = "CSV" if form == "csv" else "JSON Lines"

    @get(
        f"/{kind}.{form}",
        dependencies=NARROWED,
        guards=[staff_only],
        responses=answers(400, 401, 403, 503) | {200: _spec(kind, form)},
        media_type="text/csv" if form == "csv" else JSON_LINES,
        operation_id=f"export_{kind}" if form == "csv" else f"export_{kind}_{form}",
        summary=f"{kind.capitalize()} as {in_words}",
        description=f"The {kind}{_LEFT_OUT.get(kind, '')}, of the learners whom you may read. For coaches and admins.",
    )
    async def handler(
        request: ActorRequest,
        db: NamedDependency[Database],
        narrowed: Narrowed,
        bom: Bom = None,
    ) -> Response[Any]:
        return await _exported(db, kind, form, report_filters(**narrowed), bom, by=caller_of(request))

    return handler


FORMS: tuple[Form, ...] = ("csv", "jsonl")
exports = Router(
    "/api/logger/export",
    route_handlers=[_export(kind, form) for kind in KINDS for form in FORMS],
    tags=["Reports"],
)
"""Logs as CSV, with the columns of Kolibri's export, and as JSON Lines."""
