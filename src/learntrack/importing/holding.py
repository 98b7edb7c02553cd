"""A new document and the attempts that come with it."""

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.domain.attempt_book import AttemptBook
from learntrack.importing.dividing import Part


def hold(part: Part) -> list[AttemptOverflow]:
    """Give a part's document, which holds none yet, the part's attempts; returns the chunks of those that do not fit
    into it.
    """
    document = part.document
    if not isinstance(document, (MasteryLog, ContentSession)):
        return []
    book = AttemptBook([])
    book.take_over(part.attempts, size=part.size)
    document.keep(book)
    return [AttemptOverflow.begin(document, document.user_id, chunk) for chunk in book.new_chunks]
