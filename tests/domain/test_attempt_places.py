"""Where the attempts of a long try stand: parts that fit a chunk, and what is newest on an item."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain import moments
from learntrack.domain.attempt_places import CHUNK_BYTES, EMBEDDED_MOST, AttemptPlace, Chunk, Index, parts_of, size_of
from learntrack.domain.attempts import Attempt, Interaction

NOW = moments.now()


def attempt(number: int, item: str = "q", answer: str = "", seconds: float = 0) -> Attempt:
    sent = Interaction(item=item, correct=0.0, time_spent=0.0, answer={"v": answer}, simple_answer="")
    return Attempt.begin(sent, session_id="s", number=number, now=NOW + timedelta(seconds=seconds))


@given(st.lists(st.sampled_from([0, 10, CHUNK_BYTES // 3, CHUNK_BYTES]), max_size=60))
def test_parts_hold_every_attempt_once_in_recorded_order_and_fit_a_chunk(sizes: list[int]) -> None:
    attempts = [attempt(number, answer="x" * size) for number, size in enumerate(sizes)]
    parts = list(parts_of(reversed(attempts)))

    assert [each for part in parts for each in part] == attempts
    for part in parts:
        assert 1 <= len(part) <= EMBEDDED_MOST
        assert len(part) == 1 or sum(size_of(each) for each in part) <= CHUNK_BYTES


def test_of_two_attempts_on_an_item_the_later_started_is_the_newest_then_the_first_recorded() -> None:
    earlier, later, same_moment = attempt(0), attempt(1, seconds=5), attempt(2, seconds=5)
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        index = Index()
        embedded = [earlier, later, same_moment]
        for position in order:
            index.add(AttemptPlace(embedded, position))

        assert index.newest_on["q"].attempt is later
        assert {name: place.attempt for name, place in index.by_id.items()} == {each.id: each for each in embedded}


def test_what_is_embedded_is_newer_than_what_has_moved_away() -> None:
    moved, embedded = attempt(0, seconds=9), attempt(1)
    chunk = Chunk(0, [moved])
    for places in (
        [AttemptPlace([embedded], 0), AttemptPlace(chunk.attempts, 0, chunk)],
        [AttemptPlace(chunk.attempts, 0, chunk), AttemptPlace([embedded], 0)],
    ):
        index = Index()
        for place in places:
            index.add(place)

        assert index.newest_on["q"].attempt is embedded
