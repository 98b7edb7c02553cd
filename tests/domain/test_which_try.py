"""Which try an assessment goes on with: the unfinished one, else the latest finished one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain import moments
from learntrack.domain.which_try import ORDER, Tries, tries_among

NOW = moments.now()


@dataclass(frozen=True)
class Try:
    id: str
    complete: bool
    start_timestamp: datetime = NOW
    end_timestamp: datetime = NOW


def some_try(number: int, complete: bool, start: int, length: int) -> Try:
    begun = NOW + timedelta(minutes=start)
    return Try(f"{number:02}", complete, begun, begun + timedelta(minutes=length))


TRIES = st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6).map(
    lambda drawn: [some_try(number, *each) for number, each in enumerate(drawn)]
)


@given(TRIES, st.randoms(use_true_random=False))
def test_the_unfinished_one_comes_before_the_latest_whatever_the_order_of_reading(tries: list[Try], random) -> None:
    shuffled = random.sample(tries, len(tries))
    found = tries_among(shuffled, range(len(tries)))
    assert found.first is not None

    unfinished = [each for each in tries if not each.complete]
    assert found.first.complete is (not unfinished)
    candidates = unfinished or tries
    assert found.first.end_timestamp == max(each.end_timestamp for each in candidates)
    others = [each for each in tries if each is not found.first]
    assert found.others_finished is all(each.complete for each in others)
    assert found.others_end == max((each.end_timestamp for each in others), default=None)
    assert found.highest_level == len(tries) - 1


@given(TRIES)
def test_the_stored_order_is_the_same(tries: list[Try]) -> None:
    sorted_by_the_database = sorted(tries, key=lambda each: each.id)
    for name, direction in reversed(ORDER.items()):
        field = "id" if name == "_id" else name
        sorted_by_the_database.sort(key=lambda each, by=field: getattr(each, by), reverse=direction < 0)

    assert tries_among(tries, [1]).first == sorted_by_the_database[0]


def test_a_new_try_begins_where_there_is_none_or_a_finished_one_is_repeated() -> None:
    finished, unfinished = Try("a", complete=True), Try("b", complete=False)

    assert Tries[Try]().to_resume(repeat=False) is None
    assert Tries(finished).to_resume(repeat=False) is finished
    assert Tries(finished).to_resume(repeat=True) is None
    assert Tries(unfinished).to_resume(repeat=True) is unfinished


def test_beginning_another_keeps_the_latest_end_of_those_before() -> None:
    tries = Tries(Try("a", complete=True), 1, others_end=NOW + timedelta(hours=1))
    tries.begin(Try("b", complete=False), 2)

    assert (tries.first, tries.highest_level) == (Try("b", complete=False), 2)
    assert tries.others_end == NOW + timedelta(hours=1)
