"""What an open page is sent: all that a reload would show, as far as it has a place for it, and no more."""

import re
from typing import Any

import pytest

from tests.pages.opening import Class, page
from tests.support import ROOT, new_id, right, wrong

PART = re.compile(r'<\w+ id="([\w-]+)" data-v="(\w+)"')


def parts(html: str) -> dict[str, str]:
    """The version of each part of a page, by its id."""
    return dict(PART.findall(html))


async def update(room: Class, path: str, html: str) -> dict[str, Any]:
    """What the page is sent that was opened as this."""
    have = {"Learntrack-Have": ",".join(parts(html).values())}
    found: dict[str, Any] = (await page(room.api, path, room.coach, headers=have)).json()
    return found


class Begun:
    """A class with a lesson, a quiz under way, and a unit whose post-test is still to come."""

    def __init__(self, room: Class) -> None:
        self.room, self.api, self.learner, self.unit = room, room.api, room.learner, new_id()

    async def open(self) -> "Begun":
        room = self.room
        self.course, lesson = await room.school.course_session("A1"), await room.school.lesson("A1")
        contents = [room.exercise["content_id"], room.quiz]
        await self.api.roster(ROOT, lessons=[{"id": lesson, "title": "Lesson", "content_ids": contents}])
        await self.takes("pre")
        self.quiz = await self.api.start(self.learner, quiz_id=room.quiz)
        await self.api.update(self.learner, self.quiz, interactions=[right("a")])
        base = f"/class/{room.room}"
        self.paths = [
            base,
            f"{base}/lesson/{lesson}",
            f"{base}/quiz/{room.quiz}",
            f"{base}/unit/{self.course}/{self.unit}",
            f"{base}/learner/{self.learner.id}?sort=name",
        ]
        return self

    async def takes(self, test: str) -> None:
        start = {"unit_id": self.unit, "course_session_id": self.course, "test_type": test}
        session = await self.api.start(self.learner, **start)
        await self.api.update(self.learner, session, progress=1, interactions=[right("a")])

    async def goes_on(self) -> None:
        """Everything changes that can: the post-test is taken, the quiz is finished, the exercise needs help."""
        await self.takes("post")
        sent = [wrong(name) for name in "cdefgh"]
        await self.api.update(self.learner, self.quiz, progress=1, time_spent_delta=400, interactions=[wrong("b")])
        await self.api.update(self.learner, self.room.session, time_spent_delta=300, interactions=sent)


@pytest.mark.engines("embedded")
async def test_of_an_open_page_nothing_that_changes_is_outside_its_parts(room: Class) -> None:
    """But for the order of its rows, of which it is told, and the clock of its live line."""
    begun = await Begun(room).open()
    opened = {path: (await page(room.api, path, room.coach)).text for path in begun.paths}

    await begun.goes_on()

    for path, before in opened.items():
        after = (await page(room.api, path, room.coach)).text
        sent = {each["id"] for each in (await update(room, path, before))["fragments"]}
        assert sent, path
        assert outside(before) == outside(after), path
        assert sent == {key for key, version in parts(after).items() if parts(before).get(key) != version}


def outside(html: str) -> str:
    """What of a page is in none of its parts."""
    rest, at = [], 0
    for found in PART.finditer(html):
        if found.start() < at:
            continue
        tag = re.match(r"<(\w+)", found[0])
        assert tag is not None
        rest.append(html[at : found.start()])
        depth, at = 0, found.start()
        for each in re.finditer(rf"<(/?){tag[1]}\b", html[at:]):
            depth += -1 if each[1] else 1
            if depth == 0:
                at += each.end() + 1
                break
    # The live line says the time itself, paper when it was printed; an update has the order beside its parts.
    kept = re.sub(
        r'data-(time|order)="[^"]*"|Figures from [\d:]+|<p class="print-only">.*?</p>', "", "".join([*rest, html[at:]])
    )
    return " ".join(kept.split())


@pytest.mark.engines("embedded")
async def test_of_a_quiz_only_the_rows_that_have_changed_are_sent(room: Class) -> None:
    path, api = f"/class/{room.room}/quiz/{room.quiz}", room.api
    for learner in (room.learner, room.other):
        session = await api.start(learner, quiz_id=room.quiz)
        await api.update(learner, session, interactions=[right("a"), wrong("b")])
    opened = (await page(api, path, room.coach)).text

    await api.update(room.learner, await api.start(room.learner, quiz_id=room.quiz), interactions=[right("b")])

    sent = {each["id"] for each in (await update(room, path, opened))["fragments"]}
    assert {f"r{room.learner.id}", f"p{room.learner.id}", "class-row", "q2"} <= sent
    assert sent.isdisjoint({f"r{room.other.id}", f"p{room.other.id}", "q1", "heads", "columns"})
