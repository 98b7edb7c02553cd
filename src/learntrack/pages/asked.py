"""What an address asks of a page, and addresses that ask for something else."""

from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import urlencode

from litestar.params import Parameter
from msgspec import Struct
from msgspec.structs import asdict, replace

from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import NotFound
from learntrack.pages.class_page import SORTS
from learntrack.pages.periods import Period
from learntrack.pages.school import ClassRoster
from learntrack.pages.words import Words

Text = Annotated[str | None, Parameter(required=False)]
"""A text of an address's query, if it has it."""
_PLACE = ("skip", "skip_learners")
"""Where one is in what was asked for: not in what is asked for otherwise."""
_MOST_SEARCHED = 100
"""Characters of a name that are looked for."""


class Asked(Struct, frozen=True):
    """What is asked of a class's grid, as it stands in the address."""

    search: str = ""
    group: str = ""
    lesson: str = ""
    period: str = ""
    since: str = ""
    until: str = ""
    sort: str = "help"
    skip: str = ""
    skip_learners: str = ""

    @classmethod
    def of(cls, **sent: str | None) -> "Asked":
        """What was sent: ids in one way, and what is none, or no order, as nothing."""
        found = {name: text.strip() for name, text in sent.items() if text}
        for name in ("group", "lesson"):
            found[name] = parse_id(found[name]) if is_id(found.get(name, "")) else ""
        if found.get("sort") not in SORTS:
            found["sort"] = "help"
        found["search"] = found.get("search", "")[:_MOST_SEARCHED]
        return cls(**found)

    def query(self, **more: str) -> str:
        """The query of an address that asks for this, with some of it otherwise; `?` alone for nothing."""
        fields = asdict(self) | more
        return "?" + urlencode(
            {name: text for name, text in fields.items() if text and (name, text) != ("sort", "help")}
        )

    def come_from(self, **more: str) -> str:
        """The query that tells a learner's page from which order of the grid one comes; nothing for the usual one."""
        kept = self.without("search", "lesson", "period", "since", "until", *_PLACE)
        return kept.query(**more).rstrip("?")

    def to_content(self, key: str, places: Mapping[str, tuple[str, str]]) -> str:
        """What leads from a learner's page to a content there."""
        lesson, skip = places.get(key, ("all", ""))
        return f"{self.come_from(lesson=lesson, skip=skip)}#c{key}"

    def without(self, *names: str) -> "Asked":
        """The same, but for these."""
        return replace(self, **dict.fromkeys(names, ""))

    def chips(self, school: ClassRoster, period: Period, words: Words) -> Iterator[tuple[str, str]]:
        """The filters that are set, in words, each with the address without it."""
        if self.search:
            yield words.say("Name: “%(text)s”", text=self.search), self.without("search", *_PLACE).query()
        if self.group in school.groups:
            yield words.say("Group: %(name)s", name=school.groups[self.group]), self.without("group", *_PLACE).query()
        for lesson in school.lessons:
            if lesson.id == self.lesson:
                yield words.say("Lesson: %(name)s", name=lesson.title), self.without("lesson", *_PLACE).query()
        if period:
            yield in_words(period, words), self.without("period", "since", "until", *_PLACE).query()


def id_in_path(text: str) -> str:
    """An id that is part of an address.

    Raises:
        NotFound: it is none, so that there is no such page.

    """
    if not is_id(text):
        raise NotFound("There is no such page.")
    return parse_id(text)


def in_words(period: Period, words: Words) -> str:
    """A period in words."""
    if period.name == "1":
        return words.say("today")
    if period.name in ("7", "30"):
        return words.some("last %(count)s day", "last %(count)s days", int(period.name))
    if period.first is not None and period.last is not None:
        return words.say("from %(first)s to %(last)s", first=words.day(period.first), last=words.day(period.last))
    if period.first is not None:
        return words.say("from %(first)s on", first=words.day(period.first))
    if period.last is not None:
        return words.say("until %(last)s", last=words.day(period.last))
    return words.say("whole time")
