"""Which languages the pages speak, and which of them a reader gets."""

import gettext
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

COOKIE = "learntrack_language"
"""Keeps the language that somebody has chosen."""

LANGUAGES = {
    "en": "en_GB",  # days before months, twenty-four hours
    "es": "es",
    "fr": "fr",
    "ar": "ar",
    "pt": "pt",
    "sw": "sw",
    "hi": "hi",
}
"""Each language with the locale that says how it writes numbers and dates; the first is what the texts are in."""


@cache
def locale_of(language: str) -> Locale:
    """How a language writes numbers and dates."""
    return Locale.parse(LANGUAGES[language])


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of a language, compiled when they are first asked for: there is nothing to build."""
    file = files(__package__) / "locales" / f"{language}.po"
    if not file.is_file():
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def chosen(kept: str | None, accepted: str) -> str:
    """The language of a page: the one that was chosen (`kept`), else the first that the browser asks for.

    Args:
        kept: What the cookie says.
        accepted: The header Accept-Language.

    """
    if kept in LANGUAGES:
        return str(kept)
    return next((language for language in _asked_for(accepted) if language in LANGUAGES), "en")


def _asked_for(accepted: str) -> Iterator[str]:
    """The languages of an Accept-Language header, the most wanted first; what is no weight weighs nothing."""
    weighed = []
    for part in accepted[:500].split(","):
        tag, _, weight = part.partition(";")
        try:
            wanted = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            wanted = 0.0
        if wanted > 0:
            weighed.append((wanted, tag.strip().lower().partition("-")[0]))
    return (language for _, language in sorted(weighed, key=lambda each: -each[0]))
