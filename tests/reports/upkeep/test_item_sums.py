"""Sums from which a learner can be taken out again."""

from hypothesis import given
from hypothesis import strategies as st

from learntrack.reports.upkeep.item_sums import ItemSums, Observation
from learntrack.reports.upkeep.items import ANSWERS
from learntrack.reports.upkeep.remembered import Remembered

AMPLE = 2**30
OBSERVATIONS = st.builds(
    Observation,
    st.sampled_from("abc"),
    st.sampled_from([None, "1", "2", "\U0001f600"]),
    st.sampled_from([0.0, 1.0, 1 / 3, 0.1, 0.7]),
    st.booleans(),
    st.booleans(),
)
PORTIONS = st.dictionaries(st.sampled_from("xyz"), st.lists(OBSERVATIONS, max_size=6), max_size=3)
STATES = st.lists(st.tuples(st.sampled_from(["ada", "ben"]), PORTIONS), max_size=8)


def counted(sums: ItemSums, learner: str, portions: dict[str, list[Observation]]) -> set[str]:
    changed: set[str] = set()
    for name, observations in portions.items():
        if not sums.has(learner, name, hash(tuple(observations))):
            changed |= sums.put(learner, name, hash(tuple(observations)), observations)
    return changed | sums.keep_only(learner, portions)


def told(sums: ItemSums) -> dict[str, object]:
    return {item: sums.answers(item, ANSWERS) for item in sums.items}


@given(STATES)
def test_after_any_changes_they_are_to_the_last_bit_those_of_the_last_state(states: list[object]) -> None:
    sums, latest = ItemSums(AMPLE), {}
    for learner, portions in states:  # type: ignore[misc]
        before = told(sums)
        changed = counted(sums, learner, portions)
        latest[learner] = portions
        now = told(sums)
        assert {item for item in before | now if before.get(item) != now.get(item)} <= changed

    anew = ItemSums(AMPLE)
    for learner, portions in latest.items():
        counted(anew, learner, portions)
    assert told(sums) == told(anew)


@given(STATES)
def test_what_is_taken_out_takes_no_room(states: list[object]) -> None:
    sums = ItemSums(AMPLE)
    for learner, portions in states:  # type: ignore[misc]
        counted(sums, learner, portions)
    of_observations = sums.size
    for learner in ("ada", "ben"):
        counted(sums, learner, {})
    assert (told(sums), sums.size <= of_observations) == ({}, True)


def test_of_equally_common_answers_the_first_by_text_are_kept_and_the_others_are_the_rest() -> None:
    sums = ItemSums(AMPLE)
    for text in "cabd":
        sums.put(f"learner {text}", "try", 0, [Observation("item", text, 0.0, False, False)])
    sums.put("right", "try", 0, [Observation("item", None, 1.0, False, False)])

    found = {row["answer"]: (row["attempts"], row["x"]) for row in sums.answers("item", 2)}

    assert found == {"a": (1, 0.0), "b": (1, 0.0), None: (3, 1.0)}


def test_where_too_much_would_have_to_be_remembered_it_is_summed_up_all_the_same() -> None:
    small, large = ItemSums(20_000), ItemSums(AMPLE)
    for number in range(100):
        observations = [Observation(f"item {number % 7}", f"answer {number}", 0.0, False, False)]
        for sums in (small, large):
            sums.put(f"learner {number}", "try", 0, observations)

    assert (small.remembers, large.remembers) == (False, True)
    assert told(small) == told(large)


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    one = ItemSums(AMPLE)
    one.put("learner", "try", 0, [Observation("item", "x", 0.0, False, False)])
    remembered = Remembered(most=2 * one.size)
    places = [("facility", f"content {number}") for number in range(3)]

    for place in places[:2]:
        remembered.keep(place, one)
    remembered.keep(places[0], remembered.take(places[0]) or ItemSums(0))
    remembered.keep(places[2], one)

    assert [remembered.take(place) is not None for place in places] == [True, False, True]
    assert remembered.size == 0


def test_what_is_too_large_alone_is_not_remembered_and_nothing_has_to_go_for_it() -> None:
    remembered = Remembered(most=2000)
    small, large = ItemSums(AMPLE), ItemSums(AMPLE)
    small.put("learner", "try", 0, [Observation("item", "x", 0.0, False, False)])
    large.put("learner", "try", 0, [Observation("item", "x" * 2000, 0.0, False, False)])

    remembered.keep(("facility", "small"), small)
    remembered.keep(("facility", "large"), large)

    assert remembered.take(("facility", "large")) is None
    assert remembered.take(("facility", "small")) is small
