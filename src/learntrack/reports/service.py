"""Answering analytical questions, limited to what the caller may read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from msgspec.structs import replace

from learntrack.access.may_read import EVERYBODY, Readable, anybody_moves, may_read, members_of, owners_named
from learntrack.access.standing import Caller
from learntrack.documents import User
from learntrack.domain import moments
from learntrack.domain.ids import summary_id
from learntrack.domain.time_zones import UTC_NAME
from learntrack.reports.counted.asked import TooMany
from learntrack.reports.counted.choice import counted
from learntrack.reports.filters import ReportFilters
from learntrack.reports.formats import ReportAnswer, as_csv, cell, json_row
from learntrack.reports.learner_contents import learner_contents
from learntrack.reports.learner_days import kept_days
from learntrack.reports.names import named_columns, with_names, with_names_in_parts
from learntrack.reports.parts import Part, Parts, rows_of
from learntrack.reports.questions import Column, ColumnKind, ReportQuestion, filled, questions
from learntrack.reports.refusals import question_for, refuse_unknown_places
from learntrack.reports.rollups import as_of_rollup
from learntrack.reports.schemas import Report
from learntrack.reports.shards import targeted
from learntrack.reports.time_zone import zone_of
from learntrack.reports.wrong_answers import WrongAnswer, commonest_wrong
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage
from learntrack.web.paging import PageRequest, page_with

_MOST_SUMMARIES = 1000
"""Pairs of a learner and a content whose tries are found by their summaries, each by its key."""
_ANSWERS_IN_DETAIL = 10
"""How many of a question's wrong answers details name."""


class Reports:
    """Answers questions.

    Args:
        db: Where everything is stored.

    """

    def __init__(self, db: Database) -> None:
        self._db = db

    async def report(self, name: str, filters: ReportFilters, *, by: Caller) -> ReportAnswer:
        """The answer to a question about the learners whom the caller may read.

        Raises:
            NotFound: there is no such question.
            InvalidFields: an option is another report's, or there is no such place.

        """
        question = question_for(name, filters)  # before the roster is looked at
        await refuse_unknown_places(self._db, filters, by)
        filters = replace(filters, timezone=await zone_of(self._db, filters, asked_by=by.actor.user_id))
        members = await may_read(by, places=filters.places, left_after=filters.left_after)
        return await self._answer(question, filters, members)

    async def unlimited(self, question: ReportQuestion, filters: ReportFilters) -> ReportAnswer:
        """The answer to a question, by `question_for`, about everybody, for who has the database anyway."""
        filters = replace(filters, timezone=await zone_of(self._db, filters))
        members = EVERYBODY
        if filters.places:
            inside = members_of(filters.places, filters.left_after)
            members = Readable([row["_id"] for row in await self._db.rows(User, inside)])
        return await self._answer(question, filters, members)

    async def page(self, answer: ReportAnswer, page: PageRequest) -> Report:
        """A page of an answer.

        Raises:
            NotFound: it is out of range.

        """
        found: list[Row] = []
        count = 0
        async for row in answer.rows:
            if page.skip <= count < page.skip + page.size:
                found.append(json_row(row, answer.columns))
            count += 1
        shown = page_with(found, count, page)
        report = answer.report(shown.results)
        report.page, report.count, report.total_pages = shown.page, shown.count, shown.total_pages
        return report

    async def about(
        self, name: str, filters: ReportFilters, members: Readable, *, with_their_names: bool = True
    ) -> ReportAnswer:
        """The answer to a question about `members`, whom the caller may read; with ids alone where names are known.

        Raises:
            NotFound: there is no such question.
            InvalidFields: an option is another's.

        """
        return await self._answer(question_for(name, filters), filters, members, with_their_names=with_their_names)

    async def _answer(
        self, question: ReportQuestion, filters: ReportFilters, members: Readable, *, with_their_names: bool = True
    ) -> ReportAnswer:
        filters = replace(filters, timezone=await zone_of(self._db, filters))
        source = await self._source(question, filters, members)
        parts = source.counted and await _begun(source.counted)
        db, columns = self._db.reports, named_columns(question.columns) if with_their_names else question.columns
        if parts is not None:
            parts = with_names_in_parts(db, parts, question.columns) if with_their_names else parts
            rows = _one_by_one(parts, columns)
        else:
            rows = db.stream(source.collection, source.stages, batch=1000)
            rows = with_names(db, rows, question.columns) if with_their_names else rows
        as_of = (source.as_of or moments.now()) - db.behind
        zone = filters.timezone or UTC_NAME
        return ReportAnswer(
            question.name, question.title, question.description, as_of, zone, columns, rows, parts=parts
        )

    async def learner_contents(self, members: Readable) -> list[Row]:
        """The rows of `progress` about a class's learners, in no order; for pages, which ask for little else."""
        if members.is_nobody:
            return []
        found = learner_contents(self._db.reports, members, {}, self._owners)
        columns = questions()["progress"].columns
        return [row async for part in found for row in rows_of(part, columns)]

    def _owners(self, members: Readable) -> Row:
        """What is said of whose documents are asked for by their keys: nothing but where the data is sharded."""
        return owners_named(self._db, members).query()

    async def commonest_wrong(self, members: Readable, contents: Sequence[str]) -> dict[str, WrongAnswer]:
        """At each of these contents the wrong answer that most learners gave, of those that `item-analysis` names with
        details; a content is left out where it names none.
        """
        found, long = await commonest_wrong(self._db, members, contents, _ANSWERS_IN_DETAIL)
        for content in sorted(long):
            asked = ReportFilters(content=content, details=True, timezone=UTC_NAME)
            answer = await self.about("item-analysis", asked, members, with_their_names=False)
            wrong = [each async for item in answer.rows for each in item["wrong_answers"]]
            if given := [(len(each["learners"]), each["answer"]) for each in wrong]:
                found[content] = WrongAnswer(max(given)[1], max(given)[0])
        return found

    async def _source(self, question: ReportQuestion, filters: ReportFilters, members: Readable) -> "_Source":
        """What answers the question fastest."""
        facilities = None if filters.classroom else await self._whole_facilities(filters, members)
        params = _params(filters, members)
        if facilities:
            [params["facility"]] = facilities
        if question.rollup is not None and _asks_for_everything(filters) and facilities is not None:
            kept = await as_of_rollup(self._db, facilities)
            if kept is not None:
                return _Source(question.rollup.collection, question.stages(params, from_rollup=True), kept)
        source = None
        days = None
        if question.days is not None and not filters.names_contents and facilities is not None:
            days = await kept_days(self._db, filters, facilities)
            if days is not None:
                stages = filled(question.days.pipeline, params | days.params)
                source = _Source(question.days.collection, stages, days.as_of)
        if source is None:
            collection, stages = question.source(params)
            source = _Source(collection, targeted(stages, self._owners(members)))
        facility = facilities[0] if facilities else None
        source.counted = await counted(self._db, question.name, filters, members, facility, days)
        return source

    async def _whole_facilities(self, filters: ReportFilters, members: Readable) -> list[str] | None:
        """The facilities all of whose members are asked about, and nobody else, so that rollups may answer.

        Empty where every facility is; None where only a part of one is asked about, somebody is in two, or somebody's
        logs do not say yet where they are.
        """
        if members.users is None:
            return [filters.facility] if filters.facility else []
        if filters.facility is None or filters.former:
            return None
        if not (members.is_whole and members.facility == filters.facility):  # else `may_read` has just looked
            inside = await self._db.rows(User, members_of([filters.facility]))
            are_all_theirs = all(row.get("facility_id") == filters.facility for row in inside)
            if not are_all_theirs or not {row["_id"] for row in inside} <= set(members.users):
                return None
        return None if await anybody_moves(self._db) else [filters.facility]


@dataclass(slots=True)
class _Source:
    """What answers a question: a collection and the stages, unless its rows are `counted` here; and as of when it is,
    where that is not now.
    """

    collection: str
    stages: Sequence[Stage]
    as_of: datetime | None = None
    counted: Parts | None = None


async def _begun(parts: Parts) -> Parts | None:
    """The same, of which the first has been counted; None where they are too many, which is known by then."""
    try:
        first = await anext(parts, None)
    except TooMany:
        return None
    return _with_first(first, parts)


async def _with_first(first: Part | None, others: Parts) -> Parts:
    if first is not None:
        yield first
    async for part in others:
        yield part


async def _one_by_one(parts: Parts, columns: Sequence[Column]) -> AsyncIterator[Row]:
    async for part in parts:
        for row in rows_of(part, columns):
            yield row


def csv_of(columns: Mapping[str, str], rows: Sequence[Row], *, titles: Sequence[str] = ()) -> AsyncIterator[bytes]:
    """Rows that are there already as CSV; a column that a row lacks is empty. `titles` are what people have named."""

    async def each() -> AsyncIterator[Row]:
        for row in rows:
            yield dict.fromkeys(columns) | row

    guarded = [cell(title, "text") for title in titles]
    return as_csv([Column(name, cast(ColumnKind, kind), "") for name, kind in columns.items()], each(), titles=guarded)


def _asks_for_everything(filters: ReportFilters) -> bool:
    """Whether nothing narrows what is asked for, but perhaps a facility."""
    narrowed = filters.classroom or filters.names_contents or filters.has_period or filters.attempts or filters.details
    return not narrowed


def _params(filters: ReportFilters, members: Readable) -> dict[str, Any]:
    params: dict[str, Any] = {"timezone": filters.timezone, "attempts": filters.attempts, "details": filters.details}
    if filters.details:
        params["answers"] = _ANSWERS_IN_DETAIL
    if members.users is not None:
        params["learners"] = {"$in": list(members.users)}
    if period := filters.period:
        params |= {"period": period, "since": period.get("$gte"), "until": period.get("$lt")}
    if filters.content is not None:
        params["content"] = filters.content
    elif filters.contents is not None:
        params["content"] = {"$in": sorted(filters.contents)}
    contents = [filters.content] if filters.content is not None else sorted(filters.contents or ())
    if members.users is not None and 0 < len(members.users) * len(contents) <= _MOST_SUMMARIES:
        params["summaries"] = {"$in": [summary_id(user, content) for user in members.users for content in contents]}
    return params
