"""A Kolibri's database: known by its columns, and read learner by learner."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from learntrack.importing.kolibri import sql
from learntrack.importing.kolibri.source import Kolibri
from learntrack.storage import StartError

OWN_COLUMNS = {table: {*columns, *sql.OPTIONAL.get(table, ())} for table, columns in sql.REQUIRED.items()}


class Connection:
    """A database of nothing but these rows: those of learners in order of their id, as a database sorts them."""

    by_bytes = ""

    def __init__(self, columns: Mapping[str, set[str]], **rows: list[dict[str, Any]]) -> None:
        self._columns, self._rows = columns, rows

    def columns(self, table: str) -> set[str]:
        return self._columns.get(table, set())

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        if query == sql.zones():
            return iter(self._rows.get("zones", []))
        [table] = [each for each in self._columns if f"FROM {each} " in f"{query} "]
        found = self._rows.get(table, [])
        if "IS NULL" in query:
            return iter([row for row in found if row["user_id"] is None])
        return iter([row for row in found if "IS NOT NULL" not in query or row["user_id"] is not None])


def kolibri(columns: Mapping[str, set[str]] = OWN_COLUMNS, **rows: list[dict[str, Any]]) -> Kolibri:
    return Kolibri(Connection(columns, **rows), "school.sqlite3")


@pytest.mark.parametrize("table", sql.REQUIRED)
def test_what_lacks_a_table_or_a_column_is_no_kolibri(table: str) -> None:
    column = sql.REQUIRED[table][-1]
    lacking_column = OWN_COLUMNS | {table: OWN_COLUMNS[table] - {column}}

    with pytest.raises(StartError, match=rf"school.sqlite3 .* it has no {table}\.$"):
        kolibri({name: columns for name, columns in OWN_COLUMNS.items() if name != table})
    with pytest.raises(StartError, match=rf"it has no {table}\.{column}\.$"):
        kolibri(lacking_column)


def test_what_not_every_kolibri_has_is_empty_there() -> None:
    assert list(kolibri().table("lessons_lesson")) == []


@pytest.mark.parametrize(("present", "moves"), [(set(), False), ({"id"}, False), ({sql.SINCE_0_18[1]}, True)])
def test_whether_ends_of_tries_move_is_known_by_a_column_of_0_18(present: set[str], moves: bool) -> None:
    assert kolibri(OWN_COLUMNS | {sql.SINCE_0_18[0]: present}).moves_ends_of_tries is moves


def row(user: str | None, **values: Any) -> dict[str, Any]:
    return {"user_id": user, **values}


def test_each_learner_comes_once_with_all_that_is_theirs() -> None:
    """Though some have logs of one kind only, and nobody has them of all."""
    source = kolibri(
        logger_contentsessionlog=[row("a", id=1), row("a", id=2), row("c", id=3), row(None, id=9)],
        logger_contentsummarylog=[row("b", id=4), row("c", id=5)],
        logger_masterylog=[row("c", id=6), row("d", id=7)],
    )

    found = [
        (each.user_id, [log["id"] for part in (each.sessions, each.summaries, each.tries) for log in part], len(each))
        for each in source.learners()
    ]

    assert found == [("a", [1, 2], 2), ("b", [4], 1), ("c", [3, 5, 6], 3), ("d", [7], 1)]


def test_each_anonymous_session_comes_with_its_attempts() -> None:
    source = kolibri(
        logger_contentsessionlog=[row(None, id="s1"), row(None, id="s3"), row("a", id="s4")],
        logger_attemptlog=[row(None, id=1, sessionlog_id="s1"), row(None, id=2, sessionlog_id="s2")],
    )

    found = [
        ([each["id"] for each in one.sessions], [each["id"] for each in one.attempts]) for one in source.anonymous()
    ]

    # An attempt whose session is not there comes by itself, to be reported.
    assert found == [(["s1"], [1]), ([], [2]), (["s3"], [])]


def zone(facility: str, name: str, many: int) -> dict[str, Any]:
    return {"facility_id": facility, "zone": name, "many": many}


@pytest.mark.parametrize(
    ("zones", "found"),
    [
        ([zone("f", "(Africa/Nairobi)", 3), zone("f", "(America/Lima)", 5)], {"f": "America/Lima"}),
        ([zone("f", "(UTC)", 90), zone("f", "(Africa/Nairobi)", 1)], {"f": "Africa/Nairobi"}),
        ([zone("f", "(UTC)", 90)], {}),
        ([zone("f", "Africa/Nairobi", 90), zone("f", "", 1), zone("f", "(Nowhere/At_all)", 5)], {}),
        ([zone("f", "(Asia/Tokyo)", 1), zone("g", "(Asia/Delhi)", 1), zone("g", "(Asia/Kolkata)", 1)], None),
    ],
)
def test_a_facility_is_where_most_of_its_sessions_were(zones: list[Any], found: dict[str, str] | None) -> None:
    assert kolibri(zones=zones).zones() == (found if found is not None else {"f": "Asia/Tokyo", "g": "Asia/Kolkata"})
