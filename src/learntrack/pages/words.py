"""Texts, numbers, dates and times in the reader's language, on the reader's calendar."""

import gettext
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, format_timedelta, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_decimal

from learntrack.domain.shares import per_cent

_SOON = timedelta(minutes=60)


class Words:
    """Says things in one language.

    Args:
        language: Which.
        locale: How it writes numbers and dates.
        texts: Its catalogue.
        zone: In which days begin and clocks go.
        now: The moment from which "4 min ago" counts.

    """

    def __init__(
        self, language: str, locale: Locale, texts: gettext.NullTranslations, zone: tzinfo, now: datetime
    ) -> None:
        self.language = language
        self.locale = locale
        self._locale_name = str(locale)  # which Babel composes anew each time
        self.texts = texts
        self.zone = zone
        self.now = now.astimezone(zone)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    @property
    def today(self) -> date:
        """The day that it is."""
        return self.now.date()

    def say(self, message: str, **values: object) -> str:
        """A text with its values."""
        return self.texts.gettext(message) % values

    def some(self, one: str, many: str, count: int, **values: object) -> str:
        """A text about a number of things, in the plural that the language has for it; `%(count)s` is the number."""
        return self.texts.ngettext(one, many, count) % {"count": self.number(count), **values}

    def plurals(self, one: str, many: str) -> dict[str, str]:
        """A text about a number of things in every plural of the language, by its name in CLDR, `{count}` for the
        number: for a script that counts.
        """
        plural = self.locale.plural_form
        samples = {plural(count): count for count in (*range(200, -1, -1), 1_000_000)}
        return {name: self.texts.ngettext(one, many, count) % {"count": "{count}"} for name, count in samples.items()}

    def number(self, value: float, digits: int = 0) -> str:
        """A number, with at most so many digits after the point."""
        return _decimal(value, digits, self._locale_name)

    def percent(self, share: float) -> str:
        """A share (0.0–1.0) as whole per cent: never 100 of what is not all, nor 50 of what is below."""
        return self.say("%(number)s\u00a0%%", number=self.number(per_cent(share)))

    def duration(self, seconds: float) -> str:
        """A time that something took: `45 s`, `12 min`, `3 h 5 min`."""
        if seconds < 60:
            return self.say("%(seconds)s s", seconds=self.number(round(seconds)))
        minutes = round(seconds / 60)
        if minutes < 60:
            return self.say("%(minutes)s min", minutes=self.number(minutes))
        hours, minutes = divmod(minutes, 60)
        return self.say("%(hours)s h %(minutes)s min", hours=self.number(hours), minutes=self.number(minutes))

    def exactly(self, seconds: float) -> str:
        """A short time to the second: `1 min 10 s`."""
        if seconds < 60:
            return self.duration(seconds)
        minutes, rest = divmod(round(seconds), 60)
        return self.say("%(minutes)s min %(seconds)s s", minutes=self.number(minutes), seconds=self.number(rest))

    def local(self, moment: datetime) -> datetime:
        """A moment on the reader's calendar."""
        return moment.astimezone(self.zone)

    def clock(self, moment: datetime) -> str:
        """The time of day of a moment."""
        return _skeleton("Hm", self.local(moment).replace(tzinfo=None), self._locale_name)

    def day(self, moment: date) -> str:
        """A day, with its year if that is another."""
        day = self.local(moment).date() if isinstance(moment, datetime) else moment
        return _skeleton("MMMd" if day.year == self.today.year else "yMMMd", day, self._locale_name)

    def whole_day(self, day: date) -> str:
        """A day with month and year in full."""
        return _skeleton("yMMMMd", day, self._locale_name)

    def when(self, moment: datetime) -> str:
        """When something was: `4 min ago`, `today 09:55`, `yesterday 16:20`, `16 Nov`."""
        ago = self.now - moment
        if ago < _SOON:
            return self.say("%(minutes)s min ago", minutes=self.number(max(0, math.floor(ago.total_seconds() / 60))))
        day = self.local(moment).date()
        if day == self.today:
            return self.say("today %(time)s", time=self.clock(moment))
        if day == self.today - timedelta(days=1):
            return self.say("yesterday %(time)s", time=self.clock(moment))
        return self.day(day)

    def at(self, moment: datetime) -> str:
        """When something was, with the time of day whatever the day."""
        day = self.local(moment).date()
        if day >= self.today - timedelta(days=1):
            return (
                self.when(moment) if self.now - moment >= _SOON else self.say("today %(time)s", time=self.clock(moment))
            )
        return self.say("%(day)s %(time)s", day=self.day(day), time=self.clock(moment))

    def days(self, count: int) -> str:
        """A number of days."""
        return format_timedelta(timedelta(days=count), granularity="day", threshold=1000, locale=self.locale)

    def zone_name(self) -> str:
        """The time zone as people call it, with its distance from UTC."""
        offset = self.now.utcoffset() or timedelta()
        if not isinstance(self.zone, ZoneInfo) or self.zone.key in ("UTC", "Etc/UTC"):
            return "UTC"
        hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
        utc = f"UTC{'−' if offset < timedelta() else '+'}{hours}" + (f":{minutes:02}" if minutes else "")
        place = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        return self.say("%(place)s time (%(utc)s)", place=place, utc=utc)

    def together(self, items: Sequence[str]) -> str:
        """Items one after the other, as the language joins them."""
        return format_list(items, style="standard", locale=self.locale)


@lru_cache(4096)
def _decimal(value: float, digits: int, locale: str) -> str:
    return format_decimal(round(value, digits), locale=locale)


@lru_cache(4096)
def _skeleton(skeleton: str, moment: date, locale: str) -> str:
    return format_skeleton(skeleton, moment, locale=Locale.parse(locale))
