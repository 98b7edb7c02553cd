"""A try's attempts behave as one list, however many of them have moved to chunks."""

import copy
from datetime import timedelta
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learntrack.domain import moments
from learntrack.domain.attempt_book import AttemptBook
from learntrack.domain.attempt_limits import AttemptLimits, AttemptTooLarge, UnknownAttempt
from learntrack.domain.attempt_places import CHUNK_BYTES, EMBEDDED_MOST, Chunk, size_of
from learntrack.domain.attempts import Attempt, HistoryEntry, Interaction, grouped, newest_first
from tests.examples import usually

NOW = moments.now()


class Stored:
    """What a database would hold of a try, chunks and all; and beside it the same as one plain list."""

    def __init__(self) -> None:
        self.embedded: list[Attempt] = []
        self.totals = None
        self.chunks: dict[int, list[Attempt]] = {}
        self.plain: list[Attempt] = []
        self.not_right = 0

    def record(self, interactions: list[Interaction], now: object) -> None:
        book = AttemptBook(copy.deepcopy(self.embedded), copy.deepcopy(self.totals))
        wanted = book.look_ups(interactions)
        for number, attempts in self.chunks.items():
            if any(each.id in wanted.ids or each.item in wanted.items for each in attempts):
                book.chunks.append(Chunk(number, copy.deepcopy(attempts)))
        model = AttemptBook(copy.deepcopy(self.plain))
        touched = book.record(interactions, session_id="s", now=now)
        modelled = _plain_record(model.embedded, interactions, now)
        for mine, theirs in zip(touched, modelled, strict=True):
            _same_id(model.embedded, theirs.id, mine.id)
            theirs.id = mine.id
            assert mine == theirs
        self.plain = model.embedded
        self.embedded, self.totals = book.embedded, book.totals
        self.not_right += book.not_right_more
        for chunk in book.chunks:
            for index in chunk.changed if not chunk.moved else ():
                self.chunks[chunk.number][index] = chunk.attempts[index]
            if chunk.moved:
                self.chunks[chunk.number] = chunk.attempts
        for chunk in book.new_chunks:
            assert chunk.number not in self.chunks
            self.chunks[chunk.number] = chunk.attempts
        self.check(book)

    def check(self, book: AttemptBook) -> None:
        everything = [*self.embedded, *(each for attempts in self.chunks.values() for each in attempts)]
        key = lambda each: each.number  # noqa: E731
        assert sorted(everything, key=key) == sorted(self.plain, key=key)
        assert len(self.embedded) <= EMBEDDED_MOST
        assert book.attempt_count == len(self.plain)
        assert isclose(book.correct_sum, sum(each.correct for each in self.plain), abs_tol=1e-9)
        assert book.completed_attempts == sum(each.complete for each in self.plain)
        assert self.not_right == _not_right(self.plain)
        newest = newest_first(self.plain)
        assert newest_first(self.embedded) == newest[: len(self.embedded)]


def _not_right(attempts: list[Attempt]) -> int:
    return sum(not entry.correct for each in attempts for entry in each.interaction_history)


def _same_id(attempts: list[Attempt], theirs: str, mine: str) -> None:
    for attempt in attempts:
        if attempt.id == theirs:
            attempt.id = mine


def _plain_record(attempts: list[Attempt], interactions: list[Interaction], now: object) -> list[Attempt]:
    """The rule on one plain list: the attempt of each group as it stands after that group."""
    touched = []
    for group in grouped(interactions):
        first = group[0]
        if first.id:
            found = next(each for each in attempts if each.id == first.id)
        else:
            found = next((each for each in newest_first(attempts) if each.item == first.item and first.replace), None)
        rest = group
        if found is None:
            found = Attempt.begin(first, session_id="s", number=len(attempts), now=now)
            attempts.append(found)
            rest = group[1:]
        for each in rest:
            found.go_on(each, now=now)
        touched.append(found.copied())
    return touched


interactions = st.builds(
    Interaction,
    item=st.sampled_from(["q1", "q2", "q3", "q4"]),
    correct=st.sampled_from([0.0, 0.3, 1.0]),
    time_spent=st.sampled_from([0.0, 1.0, 5.0, 5000.0]),
    answer=st.just({"v": 1}),
    replace=st.booleans(),
    complete=st.booleans(),
    hinted=st.booleans(),
)


@settings(max_examples=usually(30, thoroughly=300), deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(interactions, min_size=1, max_size=25), st.integers(-3000, 3000), st.booleans()), max_size=14
    )
)
def test_chunks_do_not_show(requests: list) -> None:
    stored = Stored()
    for number, (sent, offset, by_id) in enumerate(requests):
        named: list[Interaction] = []
        if by_id and stored.plain:
            known = stored.plain[(number * 7) % len(stored.plain)]
            named = [Interaction(item="by id", correct=1.0, time_spent=1.0, answer={}, id=known.id, replace=True)]
        stored.record([*named, *sent], NOW + timedelta(seconds=100 * number + offset))


def test_an_unknown_id_is_named_by_its_place() -> None:
    book = AttemptBook([])
    sent = [
        Interaction("q1", 1.0, 1.0, answer={}),
        Interaction("q1", 1.0, 1.0, answer={}),
        Interaction("q2", 1.0, 1.0, answer={}, id="0" * 32),
    ]

    with pytest.raises(UnknownAttempt) as caught:
        book.record(sent, session_id="s", now=NOW)

    assert caught.value.position == 2


@pytest.mark.parametrize("limits", [AttemptLimits(interactions=3), AttemptLimits(size=700)])
def test_an_attempt_has_limits(limits: AttemptLimits) -> None:
    book = AttemptBook([], limits=limits)
    one = Interaction("q1", 1.0, 1.0, answer={"text": "x" * 50})
    book.record([one, one], session_id="s", now=NOW)

    with pytest.raises(AttemptTooLarge) as caught:
        book.record(
            [
                Interaction("q2", 1.0, 1.0, answer={}),
                *[Interaction("q1", 1.0, 1.0, answer={"text": "x" * 200}, replace=True)] * 2,
            ],
            session_id="s",
            now=NOW,
        )
    assert caught.value.position == 1


def test_an_attempt_is_measured_as_it_is_however_often_it_goes_on() -> None:
    sent = [
        Interaction("q1", 1.0, 1.0, answer={"text": "x" * size}, simple_answer="y" * size, replace=size % 2 == 0)
        for size in (500, 20, 3, 400, 0, 100)
    ]
    once, often = AttemptBook([]), AttemptBook([])

    once.record(sent, session_id="s", now=NOW)
    for each in sent:
        often.record([each, Interaction("other", 1.0, 1.0, answer={})] * 3, session_id="s", now=NOW)

    for book in (once, often):
        for attempt in book.embedded:
            assert abs(book._sizes[attempt.id] - size_of(attempt)) < 20


@pytest.mark.parametrize("replace", [True, False])
def test_a_long_request_is_recorded_in_linear_time(monkeypatch: pytest.MonkeyPatch, *, replace: bool) -> None:
    """As JSON of what is measured, which took the whole attempt for each group before."""
    measured = 0

    def counted(value: object) -> int:
        nonlocal measured
        measured += (size := size_of(value))
        return size

    monkeypatch.setattr("learntrack.domain.attempt_book.size_of", counted)
    sent = [Interaction("q", 0.0, 1.0, answer={"text": "x" * 200_000})]
    for number in range(500):
        sent += [Interaction(f"other {number % 5}", 0.0, 1.0, error=True, replace=replace)]
        sent += [Interaction("q", 0.0, 1.0, error=True, replace=True)]
    book = AttemptBook([])

    touched = book.record(sent, session_id="s", now=NOW)

    assert len(touched) == 1001
    assert measured < 5_000_000  # 200 MB, once


def test_one_attempt_that_is_large_alone_stays_embedded_until_there_is_a_newer_one() -> None:
    book = AttemptBook([])

    book.record([Interaction("q", 0.0, 1.0, answer={"text": "x" * 300_000})], session_id="s", now=NOW)
    assert (len(book.embedded), book.new_chunks) == (1, [])
    newer = Interaction("r", 0.0, 0.5, answer={})
    book.record([newer], session_id="s", now=NOW + timedelta(seconds=9))

    assert [attempt.item for attempt in book.embedded] == ["r"]
    assert [[attempt.item for attempt in chunk.attempts] for chunk in book.new_chunks] == [["q"]]


def test_a_chunk_whose_attempts_grow_is_divided() -> None:
    book = AttemptBook([])
    for number in range(3 * EMBEDDED_MOST):
        new = Interaction(f"q{number}", 0.0, 1.0, answer={"text": "x" * 10_000})
        book.record([new], session_id="s", now=NOW + timedelta(seconds=10 * number))
    first = book.new_chunks[0]
    ids = [attempt.id for attempt in first.attempts]
    later = AttemptBook(book.embedded, book.totals, [Chunk(first.number, [*first.attempts])])
    before = later.attempt_count

    grow = [Interaction(f"i{n}", 1.0, 1.0, answer={"text": "x" * 150_000}, id=id_) for n, id_ in enumerate(ids)]
    later.record(grow, session_id="s", now=NOW + timedelta(days=1))

    [kept] = later.chunks
    assert kept.moved
    assert [each.id for chunk in (kept, *later.new_chunks) for each in chunk.attempts] == ids
    assert all(size_of(chunk.attempts) <= CHUNK_BYTES + 1000 for chunk in (kept, *later.new_chunks))
    assert len({chunk.number for chunk in (*book.new_chunks, *later.new_chunks)}) == later.totals.chunk_count
    assert later.attempt_count == before


@settings(max_examples=usually(30, thoroughly=300), deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 3)), max_size=40), max_size=6))
def test_what_was_recorded_elsewhere_is_there_once_in_its_latest_state(imports: list) -> None:
    """Attempts by number, and how often each has gone on; in any order, so that older ones come late."""
    embedded: list[Attempt] = []
    totals, chunks = None, {}
    latest: dict[str, int] = {}
    not_right = 0
    for sent in imports:
        attempts = []
        for number, state in dict(sent).items():
            start = NOW + timedelta(seconds=10 * number)
            attempt = Attempt.begin(Interaction("q", 0.0, 0.0, answer={}), session_id="s", number=0, now=start)
            attempt.id, attempt.correct = f"a{number}", state / 3
            attempt.end_timestamp = start + timedelta(seconds=state)
            attempt.interaction_history = [HistoryEntry(correct=entry % 2) for entry in range(state)]
            attempts.append(attempt)
            latest[attempt.id] = max(latest.get(attempt.id, 0), state)
        book = AttemptBook(
            copy.copy(embedded), copy.deepcopy(totals), [Chunk(number, [*held]) for number, held in chunks.items()]
        )
        book.take_over(attempts, size=0)
        embedded, totals = book.embedded, book.totals
        chunks = {chunk.number: chunk.attempts for chunk in (*book.chunks, *book.new_chunks)}
        older = [each for held in chunks.values() for each in held]
        not_right += book.not_right_more
        assert not_right == _not_right([*embedded, *older])
        assert {each.id: each.correct for each in (*embedded, *older)} == {key: n / 3 for key, n in latest.items()}
        assert len(embedded) + len(older) == book.attempt_count == len(latest)
        assert isclose(book.correct_sum, sum(latest.values()) / 3, abs_tol=1e-9)
        assert sorted(each.number for each in (*embedded, *older)) == list(range(len(latest)))
        assert len(embedded) <= EMBEDDED_MOST
        if older:
            newest = max(each.start_timestamp for each in older)
            assert all(newest < each.start_timestamp for each in embedded)
