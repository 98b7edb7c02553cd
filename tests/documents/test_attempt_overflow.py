"""Chunks of older attempts."""

from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempt_book import Chunk
from learntrack.domain.attempts import Attempt, Interaction
from learntrack.domain.fading import FadingKind
from learntrack.domain.ids import new_id

NOW = moments.now()
ID = new_id()


def attempt(item: str) -> Attempt:
    return Attempt.begin(Interaction(item, 1.0, 2.0, answer={"value": item}), session_id=ID, number=0, now=NOW)


def chunk(*items: str) -> AttemptOverflow:
    """One as it is read."""
    holder = MasteryLog.begin(ID, user_id=ID, content_id=ID, level=1, criterion={"type": "do_all"}, at=NOW)
    made = AttemptOverflow.begin(holder, ID, Chunk(2, [attempt(item) for item in items]))
    assert (made.id, made.holder_id, made.content_id) == (f"{holder.id}:2", holder.id, ID)
    return AttemptOverflow.read(made.row())


def test_only_the_attempts_that_changed_are_written() -> None:
    document = chunk("a", "b", "c")
    book = document.chunk()
    book.changed.add(1)
    document.keep(book)

    assert list(document.changes()) == ["attempts.1"]


def test_a_chunk_whose_attempts_moved_is_written_whole() -> None:
    document = chunk("a", "b")
    book = document.chunk()
    book.moved = True
    book.changed.add(0)
    document.keep(book)

    assert list(document.changes()) == ["attempts"]


def test_answers_fade_and_attempts_stay() -> None:
    document = chunk("a", "b")
    document.fade(FadingKind.answers)

    assert [(each.item, each.answer) for each in document.attempts] == [("a", {}), ("b", {})]
    document.belongs_to(None)
    assert list(document.changes()) == ["attempts"]
