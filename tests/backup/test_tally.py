"""Whether two collections are the same."""

import bson
from hypothesis import given
from hypothesis import strategies as st

from learntrack.backup.tally import Tally, differing

DOCUMENTS = st.lists(st.dictionaries(st.text("ab", min_size=1), st.integers(0, 3)).map(bson.encode), max_size=8)


def tally(documents: list[bytes]) -> Tally:
    found = Tally()
    found.add(documents)
    return found


@given(DOCUMENTS, st.randoms())
def test_the_order_does_not_matter(documents: list[bytes], random: object) -> None:
    mixed = sorted(documents, key=lambda _: random.random())  # type: ignore[attr-defined]

    assert tally(documents) == tally(mixed) == Tally.of(len(mixed), tally(mixed).digest)


@given(DOCUMENTS, DOCUMENTS)
def test_other_documents_are_another_tally(one: list[bytes], other: list[bytes]) -> None:
    assert (tally(one) == tally(other)) == (sorted(one) == sorted(other))


def test_what_differs_is_named_and_an_empty_collection_is_none() -> None:
    some = tally([b"x"])

    assert differing({"a": some, "b": some, "c": Tally()}, {"a": some, "b": tally([b"y"])}) == ["b"]
