"""What of a roster's records can be wrong in themselves, beyond their shape."""

from collections import Counter
from collections.abc import Iterator

from msgspec import UNSET

from learntrack.documents import Question
from learntrack.domain.time_zones import time_zone
from learntrack.roster.schemas import Roster

WITH_QUESTIONS = ("quizzes", "contents")


def faults(roster: Roster) -> dict[str, list[str]]:
    """What is wrong, by the path of the field."""
    return {path: [message] for path, message in (*_time_zones(roster), *_repeated_items(roster))}


def too_few(question_count: int | None, questions: list[Question]) -> bool:
    """Whether fewer questions are said to be there than are named."""
    return question_count is not None and question_count < len(questions)


def _time_zones(roster: Roster) -> Iterator[tuple[str, str]]:
    for number, facility in enumerate(roster.facilities):
        if isinstance(facility.timezone, str):
            try:
                time_zone(facility.timezone)
            except ValueError as error:
                yield f"facilities[{number}].timezone", str(error)


def _repeated_items(roster: Roster) -> Iterator[tuple[str, str]]:
    """Attempts name a question by its item alone, so each may be there once."""
    for part in WITH_QUESTIONS:
        for number, record in enumerate(getattr(roster, part)):
            if record.questions is UNSET or record.questions is None:
                continue
            items = Counter(question.item.strip() for question in record.questions)
            if "" in items:
                yield f"{part}[{number}].questions", "An item must not be empty."
            elif repeated := [item for item, many in items.items() if many > 1]:
                yield f"{part}[{number}].questions", f"The item {repeated[0]} is there more than once."
