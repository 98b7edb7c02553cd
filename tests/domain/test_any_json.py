import pytest

from learntrack.domain.any_json import objection


@pytest.mark.parametrize("value", [{}, {"$where": 1, "a.b": [{"": None}], "é": "\0"}, {"n": 2**63 - 1}, {"f": 1e300}])
def test_ordinary_values_are_stored_as_they_are(value: dict) -> None:
    assert objection(value, depth=5) is None


@pytest.mark.parametrize(
    ("value", "why"),
    [({"a\0": 1}, "NUL"), ({"a": [2**63]}, "64 bits"), ({"a": {"b": {"c": {}}}}, "deeply"), ({"a": [[[]]]}, "deeply")],
)
def test_what_a_document_cannot_hold_is_refused(value: dict, why: str) -> None:
    assert why in (objection(value, depth=3) or "")
