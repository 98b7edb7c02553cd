"""An attempt that is checked by one call is what it is column by column, and nothing is to be noticed about it."""

import math
from datetime import datetime
from typing import Any, get_type_hints

import bson
import msgspec
import pytest

from learntrack.domain.attempts import HistoryEntry
from learntrack.importing.kolibri.logs import Circumstances, LogConverter
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.kolibri.usual_attempts import UsualEntry, usual_attempt
from learntrack.importing.kolibri.values import Corrupt
from learntrack.importing.report import ImportReport
from tests.importing.kolibri.rows import AT, LEARNER, attempt, id_of, moment, stamp
from tests.importing.moving import HOME

TEXTS = (
    *("", "x", "0", "1", "false", "null", "[]", "{}", "{", '{"a": 1e999}', '{"a": 1' + 30 * "0" + "}", '{"$a": 1}'),
    *('{"a": "\\u0000"}', '{"\uff04": "\u00e9"}', '{"a": NaN}', 93 * "[" + 93 * "]"),
    *('{"a": ' + 92 * "[" + 92 * "]" + "}", '[{"type": 1}]'),
    '[{"type": "answer", "answer": {"a": [1.5, "b"]}, "correct": 1}, {"type": "hint", "more": [{}]}]',
    *('[{"correct": -0}]', '[{"correct": 1, "type": null}]', '[{"answer": 1, "type": "hint"}]', '[{"type": "error"}]'),
    *('[{"correct": "0.5"}]', '[{"correct": true}]', '[{"correct": null}]', "[1]", 70_000 * " " + "{}"),
    *(id_of(7), id_of(7).replace("7", "A"), "a-" + id_of(7), id_of(7) + "\n", str(AT)),
    *(stamp(3), stamp(59, "UTC"), "2026-13-01 10:00:00.000000(UTC)", "2026-05-01 10:00:00.123456", "2026-05-01"),
    *("2009-12-31 23:59:59.999999(UTC)", "2027-01-01 00:00:00.000000(UTC)", "2026-05-01 10:00:00+03:00"),
)
NUMBERS = (-1, 0, 1, 2, 0.0, 0.5, 1.0, -0.5, 1.5, math.nan, math.inf, 366 * 86_400, 366 * 86_401.0, 2**70)
VALUES: list[Any] = [None, True, False, b"", b"1", AT, moment(3), {}, [], {"a": 1}, *NUMBERS, *TEXTS]
COLUMNS = [name for name in attempt(1) if name not in ("user_id", "masterylog_id")]


def column_by_column(row: dict[str, Any]) -> tuple[bytes | None, bool]:
    """What is stored of the attempt in a row, and whether anything is to be said about it."""
    report = ImportReport()
    try:
        made = LogConverter(LEARNER, report, Circumstances(AT))._attempt(row).row()
    except Corrupt:
        return None, True
    return bson.encode(made), bool(report.reasons)


@pytest.mark.parametrize("column", COLUMNS)
def test_whatever_is_in_a_column_it_is_no_other_attempt(column: str) -> None:
    for value in VALUES:
        row = attempt(1) | {column: value}
        made = usual_attempt(row, AT)

        if made is not None:
            assert (bson.encode(made.row()), False) == column_by_column(row), value


def test_a_kolibri_without_errors_has_usual_attempts() -> None:
    row = attempt(1)
    del row["error"]

    made = usual_attempt(row, AT)

    assert made is not None
    assert (bson.encode(made.row()), False) == column_by_column(row)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"completion_timestamp": stamp(1)},
        {"completion_timestamp": stamp(2)},
        {"complete": True, "hinted": False, "error": False},
        {"interaction_history": '[{"type": "answer", "answer": {"\\u00e9": [1.5]}, "correct": 1.0}]'},
        {"start_timestamp": stamp(2), "end_timestamp": stamp(2)},
    ],
)
def test_what_a_kolibri_writes_is_checked_by_one_call(values: dict[str, Any]) -> None:
    made = usual_attempt(attempt(1) | values, AT)

    assert made is not None
    assert (bson.encode(made.row()), False) == column_by_column(attempt(1) | values)


def test_nearly_all_attempts_of_a_real_kolibri_are_checked_by_one_call() -> None:
    at = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    with sqlite_source(HOME) as source:
        rows = [*source.table("logger_attemptlog")]

    assert sum(usual_attempt(row, at) is not None for row in rows) >= 0.95 * len(rows) > 100


def test_an_entry_that_is_only_written_down_has_the_fields_of_what_is_stored() -> None:
    """Whoever changes one of the two has to look at the other."""
    stored = {name: field.annotation for name, field in HistoryEntry.model_fields.items()}
    usual = get_type_hints(UsualEntry)
    assert usual.keys() == stored.keys()
    assert all(usual[name] in (kind, kind | msgspec.UnsetType) for name, kind in stored.items() if kind is not Any)
    assert not any(field.metadata for field in HistoryEntry.model_fields.values())
