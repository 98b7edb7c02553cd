"""To whom something is assigned."""

import pytest

from learntrack.access.assigned import learns_in


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"learns_in": ["class", "school"], "collections": ["class"]}, {"class", "school"}),
        ({"learns_in": [], "collections": ["class"]}, set()),  # it has been said: nothing
        ({"learns_in": None, "collections": ["class"]}, {"class"}),  # as an earlier release wrote it
        ({"collections": ["class"]}, {"class"}),
    ],
)
def test_it_is_what_the_roster_has_derived_else_the_collections(row: dict[str, object], expected: set[str]) -> None:
    assert learns_in(row) == expected
