"""What a value of a Kolibri's row may be, and what is said of one that may not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from learntrack.importing.kolibri import values
from learntrack.importing.kolibri.values import Corrupt

ID = "0123456789abcdef" * 2


@pytest.mark.parametrize("written", [ID, ID.upper(), "01234567-89ab-cdef-0123-456789abcdef"])
def test_an_id_is_read_however_it_is_written(written: str) -> None:
    assert values.identifier({"id": written}, "id") == ID


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-03 22:13:42.165999(Africa/Nairobi)", datetime(2026, 11, 3, 22, 13, 42, 165000, tzinfo=UTC)),
        ("2026-11-03 22:13:42(Etc/UTC)", datetime(2026, 11, 3, 22, 13, 42, tzinfo=UTC)),
        (
            datetime(2026, 11, 3, 22, 0, 0, 165999, tzinfo=timezone(timedelta(hours=3))),
            datetime(2026, 11, 3, 19, 0, 0, 165000, tzinfo=UTC),
        ),
        (None, None),
        ("", None),
    ],
)
def test_a_moment_is_utc_to_the_millisecond(written: Any, read: datetime | None) -> None:
    assert values.moment({"at": written}, "at") == read


def test_a_context_keeps_what_is_known_of_a_visit() -> None:
    sent = (
        '{"context": {"unit_id": "%s", "course_session_id": "%s", "test_type": "pre", "mastery_level": -7, "more": 1}}'
    )

    assert values.context({"extra_fields": sent % (ID, ID)}) == {
        "unit_id": ID,
        "course_session_id": ID,
        "test_type": "pre",
        "mastery_level": -7,
    }
    assert values.context({"extra_fields": '{"context": {"test_type": "other", "unit_id": ""}}'}) == {}


def test_a_history_keeps_entries_that_have_less_or_more() -> None:
    row = {"interaction_history": '[{"answer": 3}, {"type": "answer", "when": "now"}]'}

    assert [entry.model_dump(exclude_unset=True) for entry in values.history(row)] == [
        {"answer": 3},
        {"type": "answer", "when": "now"},
    ]


@pytest.mark.parametrize(
    ("read", "value", "why"),
    [
        (values.identifier, "f" * 31, "x: not an id"),
        (values.text, "", "x: no text"),
        (values.number, "long", "x: not a number of at least 0"),
        (values.number, float("nan"), "x: not a number of at least 0"),
        (values.number, -1, "x: not a number of at least 0"),
        (values.mapping, "[1]", "x: JSON of another kind"),
        (values.mapping, '{"broken', "x: broken JSON"),
        (values.mapping, '{"a": ' + "[" * 100_000, "x: broken JSON"),
        (values.mapping, '{"a": "' + "x" * values.LARGEST_JSON + '"}', "x: larger than 4 MiB"),
        (values.moment, "2026-13-45 99:00:00.000000(Etc/UTC)", "x: an impossible date"),
        (values.moment, 7, "x: an impossible date"),
    ],
)
def test_what_is_wrong_is_said(read: Callable[[dict[str, Any], str], Any], value: Any, why: str) -> None:
    with pytest.raises(Corrupt) as found:
        read({"x": value}, "x")

    assert str(found.value) == why


@pytest.mark.parametrize("level", [2**31, "one", 1.5, True, None])
def test_a_mastery_level_is_a_whole_number(level: Any) -> None:
    with pytest.raises(Corrupt):
        values.level({"mastery_level": level})
