"""Whether what is kept is what the logs say."""

from typing import Any

import pytest

from learntrack.reports.upkeep.items import are_equal

ROWS = [{"_id": "a", "n": 1, "of": [{"answer": "x", "n": 2}, {"answer": "y", "n": 1}]}, {"_id": "b", "n": 0.1 + 0.2}]


@pytest.mark.parametrize(
    ("theirs", "equal"),
    [
        (ROWS, True),
        (ROWS[::-1], True),
        ([{**ROWS[0], "of": ROWS[0]["of"][::-1]}, ROWS[1]], True),
        ([ROWS[0], {"_id": "b", "n": 0.3}], True),  # added up in another order
        ([{**ROWS[0], "n": 1.0}, ROWS[1]], True),
        ([ROWS[0], {"_id": "b", "n": 0.31}], False),
        ([ROWS[0]], False),
        ([*ROWS, {"_id": "c", "n": 0}], False),
        ([{**ROWS[0], "n": None}, ROWS[1]], False),
        ([{**ROWS[0], "more": 1}, ROWS[1]], False),
        ([{**ROWS[0], "_id": "c"}, ROWS[1]], False),
        (None, False),
    ],
)
def test_numbers_may_differ_by_adding_up_and_lists_by_their_order(theirs: Any, equal: bool) -> None:
    assert are_equal(ROWS, theirs) is are_equal(theirs, ROWS) is equal
