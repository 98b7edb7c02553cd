"""Pages of very many contents."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.pages.class_page import ColumnGroup, Grid, GridColumn, Line
from learntrack.pages.school import ClassContent, ClassLearner
from learntrack.pages.states import Counts, State
from learntrack.pages.stretch import AT_ONCE, LEARNERS_AT_ONCE, grid_in, groups_in, stretch_of
from tests.pages.opening import page
from tests.pages.reading import part
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, video, wrong


@given(st.integers(0, 5 * AT_ONCE), st.one_of(st.none(), st.integers(0, 6 * AT_ONCE).map(str), st.text(max_size=9)))
def test_a_stretch_is_never_empty_where_there_is_something(count: int, skip: str | None) -> None:
    stretch = stretch_of(count, skip)

    assert 0 <= stretch.first <= stretch.end <= count
    assert (stretch.end - stretch.first > 0) == (count > 0)
    assert stretch.end - stretch.first <= AT_ONCE


@given(st.integers(1, 5 * AT_ONCE))
def test_going_on_shows_each_thing_once_and_back_leads_to_the_first(count: int) -> None:
    seen: list[int] = []
    stretch = stretch_of(count, None)
    while True:
        seen += stretch.of(range(count))
        if stretch.after is None:
            break
        stretch = stretch_of(count, str(stretch.after))
    assert seen == list(range(count))
    while stretch.before is not None:
        stretch = stretch_of(count, str(stretch.before))
    assert stretch.first == 0


@given(st.lists(st.integers(0, AT_ONCE), max_size=5), st.integers(0, 2 * AT_ONCE))
def test_a_grids_cells_stay_with_their_contents(sizes: list[int], skip: int) -> None:
    names = iter(range(sum(sizes)))
    groups = [
        ColumnGroup(None, [GridColumn(ClassContent(str(next(names)), "video"), None, None) for _ in range(size)])
        for size in sizes
    ]
    cells: list[State | None] = [State(tries=number) for number in range(sum(sizes))]
    whole = Grid(groups, [Line(ClassLearner("u", "U", frozenset()), cells, Counts(), 0.0, None)])

    shown = grid_in(whole, stretch_of(sum(sizes), str(skip)), stretch_of(1, None))

    [line] = shown.lines
    assert [int(column.content.id) for column in shown.columns] == [cell.tries for cell in line.cells if cell]
    assert all(group.columns for group in groups_in(groups, stretch_of(sum(sizes), str(skip))))


@pytest.mark.engines("embedded")
async def test_a_lesson_of_very_many_contents_is_read_in_parts(api: Api, school: School) -> None:
    coach, learner = await school.coach("A1"), await school.learner("A1")
    contents, lesson = [new_id() for _ in range(AT_ONCE + 3)], await school.lesson("A1")
    named = [{"id": each, "title": f"Content {number}", "kind": "video"} for number, each in enumerate(contents, 1)]
    await api.roster(ROOT, lessons=[{"id": lesson, "title": "Long", "content_ids": contents}], contents=named)
    room = f"/class/{school.places['A1']}"
    for path in (f"{room}/lesson/{lesson}", room, f"{room}/learner/{learner.id}"):
        first, rest = [(await page(api, f"{path}?skip={skip}", coach)).text for skip in (0, AT_ONCE)]
        for text, shown in ((first, range(1, AT_ONCE + 1)), (rest, range(AT_ONCE + 1, AT_ONCE + 4))):
            there = [number for number in range(1, AT_ONCE + 4) if f">Content {number}<" in text]
            assert there == list(shown), path
        assert f"Contents 1 to {AT_ONCE} of {AT_ONCE + 3}" in first
        assert "Contents before these" in rest
    assert f"Finished all {AT_ONCE + 3}" in part((await page(api, f"{room}/lesson/{lesson}", coach)).text, "figures")
    table = (await page(api, f"{room}/lesson/{lesson}?format=csv", coach)).text
    assert len(table.strip().splitlines()) == AT_ONCE + 4


async def many_learners(api: Api, school: School) -> list[str]:
    """Three learners more than a page shows at once, in the order of their names."""
    numbers = range(1, LEARNERS_AT_ONCE + 4)
    ids = [new_id() for _ in numbers]
    people = [
        {"id": key, "username": f"u{key}", "full_name": f"Learner {number:03}", "facility_id": school.facility}
        for key, number in zip(ids, numbers, strict=True)
    ]
    places = [{"user_id": key, "collection_id": school.places["A1"]} for key in ids]
    await api.roster(ROOT, users=people, memberships=places)
    return ids


@pytest.mark.engines("embedded")
async def test_a_class_of_very_many_learners_is_read_in_parts(api: Api, school: School) -> None:
    coach, quiz, learners = await school.coach("A1"), await school.quiz("A1"), await many_learners(api, school)
    session = await api.start(Person(learners[0]), quiz_id=quiz)
    await api.update(Person(learners[0]), session, progress=1, time_spent_delta=9, interactions=[right("i1")])
    room, every = f"/class/{school.places['A1']}", range(1, LEARNERS_AT_ONCE + 4)
    for path in (f"{room}?sort=name", f"{room}/quiz/{quiz}?sort=name"):
        first, rest = [(await page(api, f"{path}&skip_learners={skip}", coach)).text for skip in (0, LEARNERS_AT_ONCE)]
        seen = [[number for number in every if f">Learner {number:03}<" in text] for text in (first, rest)]
        assert sorted(seen[0] + seen[1]) == list(every), path
        assert len(seen[0]) == LEARNERS_AT_ONCE, path
        assert f"Learners 1 to {LEARNERS_AT_ONCE} of {LEARNERS_AT_ONCE + 3}" in first
        assert f"skip_learners={LEARNERS_AT_ONCE}" in first
        assert "Learners before these" in rest
        # What an open page says that it has: with all of it a request's head is far below 16 KiB.
        assert len(",".join(re.findall(r'data-v="(\w+)"', first))) < 3000
    found = (await page(api, f"{room}?search=Learner+{LEARNERS_AT_ONCE + 3}", coach)).text
    assert f">Learner {LEARNERS_AT_ONCE + 3}<" in found
    table = (await page(api, f"{room}?format=csv", coach)).text
    assert len(table.strip().splitlines()) == len(every) + 1


@pytest.mark.engines("embedded")
async def test_every_link_to_a_content_on_a_learners_page_leads_to_it(api: Api, school: School) -> None:
    coach, learner = await school.coach("A1"), await school.learner("A1")
    lessons = [await school.lesson("A1") for _ in range(2)]
    many, quiz = [new_id() for _ in range(AT_ONCE + 2)], await school.quiz("A1")
    used = [
        video(content_id=many[-1]),
        exercise(content_id=many[-2]),
        exercise(content_id=new_id()),
        video(),
    ]
    second = [used[0]["content_id"], new_id()]
    contents = zip(lessons, (many, second), strict=True)
    named = [{"id": lesson, "title": str(at), "content_ids": ids} for at, (lesson, ids) in enumerate(contents)]
    await api.roster(ROOT, lessons=named)
    for each in used:
        session = await api.start(learner, **each)
        answers = [wrong(f"i{number}") for number in range(5)] if each["kind"] == "exercise" else []
        await api.update(learner, session, progress_delta=0.1, time_spent_delta=9, interactions=answers)
    await api.update(learner, await api.start(learner, quiz_id=quiz), progress=1, interactions=[wrong("q")])
    room = f"/class/{school.places['A1']}"
    sources = [room, f"{room}?lesson={lessons[1]}", f"{room}?skip={AT_ONCE}", f"{room}/learner/{learner.id}"]
    sources += [f"/learner/{learner.id}", *(f"{room}/quiz/{key}" for key in (quiz, many[-2]))]
    checked = set()
    for source in sources:
        by = learner if source.startswith("/learner") else coach
        html = (await page(api, source, by)).text
        for link in re.findall(r'href="([^"]*#c[0-9a-f]{32})"', html):
            path, anchor = link.replace("&amp;", "&").split("#")
            where = path.removeprefix("/reports") if path.startswith("/") else source.split("?")[0] + path
            if (where, anchor) not in checked and (anchor[1:] not in many[5:-5]):
                checked.add((where, anchor))
                assert f'id="{anchor}"' in (await page(api, where, by)).text, (source, link)
    wanted = {f"c{key}" for key in (*many[-2:], quiz, *(each["content_id"] for each in used))}
    assert wanted <= {anchor for _, anchor in checked}


@pytest.mark.engines("embedded")
async def test_a_quiz_of_very_many_questions_is_read_in_parts_and_shows_what_was_answered(
    api: Api, school: School
) -> None:
    coach, learner, quiz = await school.coach("A1"), await school.learner("A1"), await school.quiz("A1")
    asked = [{"item": f"i{number}", "title": f"Asked {number}"} for number in range(1, AT_ONCE + 4)]
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Long", "questions": asked}])
    session = await api.start(learner, quiz_id=quiz)
    answers = [right(each["item"]) if number % 2 else wrong(each["item"]) for number, each in enumerate(asked)]
    await api.update(learner, session, progress=1, time_spent_delta=9, interactions=answers)
    path = f"/class/{school.places['A1']}/quiz/{quiz}"

    first, rest = [(await page(api, f"{path}?skip={skip}", coach)).text for skip in (0, AT_ONCE)]

    for text, shown in ((first, range(1, AT_ONCE + 1)), (rest, range(AT_ONCE + 1, AT_ONCE + 4))):
        there = [number for number in range(1, AT_ONCE + 4) if f'id="q{number}"' in text]
        assert there == list(shown)
    assert f"Questions 1 to {AT_ONCE} of {AT_ONCE + 3}" in first
    assert "Questions before these" in rest
    [row] = csv.DictReader(io.StringIO((await page(api, f"{path}?format=csv", coach)).content.decode("utf-8-sig")))
    assert [row[each["title"]] for each in asked] == ["right" if number % 2 else "x" for number in range(len(asked))]
