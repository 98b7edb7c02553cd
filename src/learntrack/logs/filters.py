"""Filters of the lists, as they come in a query string: all optional, an empty one counts as absent."""

import re
from collections.abc import Mapping

from msgspec import Struct

from learntrack.domain.ids import parse_id
from learntrack.errors import InvalidFields

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_LEVEL = re.compile(r"-?[0-9]{1,10}")
_IDS = ("content", "user", "masterylog", "facility", "classroom", "learner_group")
PLACES = ("facility", "classroom", "learner_group")


class LogFilters(Struct, frozen=True):
    """What a list is narrowed to. Ids are those of `domain.ids`."""

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

    @property
    def places(self) -> list[str]:
        """The facility, classroom and group filters, as far as they are set."""
        return [place for name in PLACES if (place := getattr(self, name)) is not None]

    @property
    def of_tries_only(self) -> bool:
        """Whether a filter asks for something that only a try has, so that attempts outside a try drop out."""
        return (self.content or self.masterylog or self.mastery_level) is not None


def log_filters(**sent: str | None) -> LogFilters:
    """The filters that a query string asks for.

    Raises:
        InvalidFields: one is malformed.

    """
    given: Mapping[str, str] = {name: text for name, text in sent.items() if text}
    errors: dict[str, list[str]] = {}
    found: dict[str, str | bool | int] = {}
    for name, text in given.items():
        try:
            found[name] = _value(name, text)
        except ValueError as error:
            errors[name] = [str(error)]
    if errors:
        raise InvalidFields(errors)
    return LogFilters(**found)  # type: ignore[arg-type]


def _value(name: str, text: str) -> str | bool | int:
    if name in _IDS:
        return parse_id(text)
    if name in ("complete", "quiz"):
        if text.lower() not in _BOOLEANS:
            raise ValueError("Must be true or false.")
        return _BOOLEANS[text.lower()]
    if name == "mastery_level":
        if not _LEVEL.fullmatch(text):
            raise ValueError("Must be a whole number.")
        return int(text)
    return text
