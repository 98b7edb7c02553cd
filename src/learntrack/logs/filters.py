"""Filters of the lists, as they come in a query string: all optional, an empty one counts as absent."""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from learntrack.documents import Classroom, Facility, LearnerGroup
from learntrack.documents.base import Stored
from learntrack.domain.ids import parse_id
from learntrack.logs.schemas import INCLUDABLE
from learntrack.web.parameters import read_boolean, read_filters

_LEVEL = re.compile(r"-?[0-9]{1,10}")
PLACES: Mapping[str, type[Stored]] = {"facility": Facility, "classroom": Classroom, "learner_group": LearnerGroup}


class LogFilters(Struct, frozen=True):
    """What a list is narrowed to, and which further fields its tries have. Ids are those of `domain.ids`."""

    content: str | None = None
    user: str | None = None
    masterylog: str | None = None
    complete: bool | None = None
    quiz: bool | None = None
    item: str | None = None
    mastery_level: int | None = None
    facility: str | None = None
    classroom: str | None = None
    learner_group: str | None = None
    include: tuple[str, ...] = ()

    @property
    def places(self) -> list[str]:
        """The facility, classroom and group filters, as far as they are set."""
        return [place for name in PLACES if (place := getattr(self, name)) is not None]

    @property
    def kinds(self) -> list[type[Stored]]:
        """As what each of them is asked for."""
        return [kind for name, kind in PLACES.items() if getattr(self, name) is not None]

    @property
    def of_tries_only(self) -> bool:
        """Whether a filter asks for something that only a try has, so that attempts outside a try drop out."""
        return (self.content or self.masterylog or self.mastery_level) is not None


def _level(text: str) -> int:
    if not _LEVEL.fullmatch(text):
        raise ValueError("Must be a whole number.")
    return int(text)


def _included(text: str) -> tuple[str, ...]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name and name not in INCLUDABLE]:
        raise ValueError(f"There is no {', '.join(unknown)}: only {', '.join(INCLUDABLE)}.")
    return tuple(name for name in INCLUDABLE if name in names)


_READERS: Mapping[str, Callable[[str], str | bool | int | tuple[str, ...]]] = {
    **dict.fromkeys(("content", "user", "masterylog", *PLACES), parse_id),
    **dict.fromkeys(("complete", "quiz"), read_boolean),
    "item": str.strip,  # as it is stored
    "mastery_level": _level,
    "include": _included,
}


def log_filters(**sent: str | None) -> LogFilters:
    """The filters that a query string asks for.

    Raises:
        InvalidFields: one is malformed.

    """
    return read_filters(LogFilters, _READERS, sent)
