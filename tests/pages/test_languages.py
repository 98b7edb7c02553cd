"""Every text of the pages is in every language, and none is hard-coded."""

import gettext
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from learntrack.pages import languages, rendering
from learntrack.pages.languages import LANGUAGES, chosen
from learntrack.serving.demo.contents import LESSONS
from tests.pages.opening import page
from tests.pages.reading import texts
from tests.support import ROOT, Api, School, right, wrong

ROOT_FOLDER = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT_FOLDER / "scripts" / "catalogues"))
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?b>")


def placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_text_is_translated_with_its_placeholders(language: str) -> None:
    stored: Catalog = SCRIPT["stored"](SCRIPT["LOCALES"] / f"{language}.po")
    faults = []
    for wanted in SCRIPT["texts"]():
        if not wanted.id:
            continue
        found = stored.get(wanted.id)
        strings = (found.string if isinstance(found.string, tuple) else (found.string,)) if found else ("",)
        ids = wanted.id if isinstance(wanted.id, tuple) else (wanted.id,)
        allowed = set(placeholders("".join(ids)))
        for string in strings:
            has = set(placeholders(string))
            # A plural of one or two may say the number in words.
            if not string or not has <= allowed or not allowed - has <= {"%(count)s"}:
                faults.append((wanted.id, string))
    assert faults == []


@pytest.mark.parametrize(("language", "forms"), [("ar", 6), ("es", 2), ("fr", 2), ("hi", 2), ("pt", 2), ("sw", 2)])
def test_plurals_are_those_of_the_language(language: str, forms: int) -> None:
    catalogue = languages.catalogue(language)
    said = {catalogue.ngettext("%(count)s learner", "%(count)s learners", count) for count in (0, 1, 2, 5, 11, 100)}
    assert 1 < len(said) <= forms or language == "hi"


@pytest.mark.parametrize(
    ("kept", "accepted", "expected"),
    [
        (None, "", "en"),
        (None, "de", "en"),
        (None, "pt-BR,pt;q=0.9", "pt"),
        (None, "en;q=0.1, sw", "sw"),
        (None, "fr;q=0, hi;q=0.1", "hi"),
        (None, "*;q=x,,;", "en"),
        ("ar", "fr", "ar"),
        ("../en", "fr", "fr"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_most_wanted(kept: str | None, accepted: str, expected: str) -> None:
    assert chosen(kept, accepted) == expected


class Pseudo(gettext.NullTranslations):
    """A language in which every text stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


@pytest.mark.engines("embedded")
async def test_no_text_is_hard_coded(api: Api, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not in brackets is a name, a number, a sign, or what somebody has called something."""
    coach, learner, other = await school.coach("A1"), await school.learner("A1"), await school.learner("A1")
    quiz, lesson = await school.quiz("A1"), await school.lesson("A1")
    await api.roster(
        ROOT,
        lessons=[{"id": lesson, "title": "N0", "content_ids": [quiz]}],
        quizzes=[{"id": quiz, "title": "N1"}],
        users=[
            {"id": each.id, "username": "n2", "full_name": "N2", "facility_id": school.facility}
            for each in (coach, learner, other)
        ],
        classrooms=[{"id": school.places["A1"], "name": "N3", "facility_id": school.facility}],
    )
    session = await api.start(learner, quiz_id=quiz)
    sent = [right("a", simple_answer="n4"), wrong("b", simple_answer="n4")]
    await api.update(learner, session, progress=1, time_spent_delta=100, interactions=sent)
    room = f"/class/{school.places['A1']}"
    paths = (room, f"{room}/activity", f"{room}/lesson/{lesson}", f"{room}/quiz/{quiz}", f"{room}/learner/{learner.id}")
    monkeypatch.setattr(rendering, "catalogue", lambda _: Pseudo())
    rendering.environment.cache_clear()
    try:
        found: list[tuple[str, Any]] = []
        for path in (*paths, "/?all=1", "/sign-in", f"{room}?search=zz"):
            for text in texts((await page(api, path, coach)).text):
                # A text with something bold in it is several.
                plain = re.sub(r"^[^⟦]*⟧|⟦[^⟧]*$", "", re.sub(r"⟦.*⟧", "", text))
                if re.search(r"[^\W\d_]", plain) and not re.fullmatch(KNOWN, plain.strip(" \u2068\u2069")):
                    found.append((path, text))
    finally:
        rendering.environment.cache_clear()
    assert found == []


KNOWN = (
    r"(learntrack|[–\s]*learntrack|N\d( – learntrack)?|N\d\u2069 \d|n\d|UTC|\w{3}|"
    + "|".join(re.escape(rendering._own_name(each)) for each in LANGUAGES)
    + r"|[·\s]*\d+ \w{3}( \d{4})?|\W+)"
)
assert LESSONS  # the demo's texts are data
