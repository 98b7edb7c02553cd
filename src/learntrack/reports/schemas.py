"""Shapes of reports, for the API's description; rows go out as they come from the aggregation."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.reports.questions import Column


class ReportName(Struct):
    """A report that can be asked for."""

    name: str
    title: str
    description: str
    columns: list[Column]


class Report(Struct):
    """A report."""

    report: str
    title: str
    description: str
    as_of: Annotated[datetime, Meta(description="As of when it is: now, or when its rollup was computed.")]
    columns: list[Column]
    results: list[dict[str, Any]]
    page: Annotated[int, Meta(description="With page_size: the number of this page, from 1.")] | UnsetType = UNSET
    count: Annotated[int, Meta(description="With page_size: how many rows the whole report has.")] | UnsetType = UNSET
    total_pages: Annotated[int, Meta(description="With page_size: how many pages it has.")] | UnsetType = UNSET
