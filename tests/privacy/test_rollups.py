"""No rollup keeps what a forgotten person answered."""

from typing import Any

import pytest

from learntrack.privacy import service
from learntrack.reports.rollups import roll_up
from learntrack.storage.leases import Holding
from tests.conftest import settings
from tests.privacy.forgetting import passed
from tests.support import ROOT, School, exercise, wrong

pytestmark = pytest.mark.engines("mongomock", "embedded", "mongoeco")


@pytest.mark.engines("embedded")
async def test_no_rollup_keeps_a_persons_answers(school: School) -> None:
    api, body = school.api, exercise()
    learner, other = await school.learner(), await school.learner()
    for person, answer in ((learner, "the learner's own words"), (other, "another answer")):
        session = await api.start(person, **body)
        await api.update(person, session, interactions=[wrong("q", simple_answer=answer)])
    await roll_up(api.db, lambda *_: None)
    assert "own words" in str((await api.stored())["item_rollups"])
    asked = {"facility": school.facility}

    async def attempts() -> Any:
        found = await api.answer("GET", "/api/reports/item-analysis", ROOT, params=asked)
        return [row["attempts"] for row in found["results"] if row["content_id"] == body["content_id"]]

    assert await attempts() == [2]
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)

    assert "own words" not in str(await api.stored())
    assert await attempts() == [1]
    await passed(api, learner)
    await roll_up(api.db, lambda *_: None)
    assert await attempts() == [1]
    assert "another answer" in str((await api.stored())["item_rollups"])


@pytest.mark.engines("embedded")
async def test_a_rollup_that_runs_meanwhile_brings_no_answers_back(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, learner = school.api, await school.learner()
    session = await api.start(learner, **exercise())
    await api.update(learner, session, interactions=[wrong("q", simple_answer="the learner's own words")])

    async def forget(*_: Any) -> None:
        await service.Privacy(api.db, settings()).remove(learner.id or "")

    write = Holding.write
    forgetting: list[Any] = [forget]

    async def written(holding: Holding, documents: Any, *given: Any) -> None:
        if forgetting and "own words" in str(documents):
            await forgetting.pop()()
        await write(holding, documents, *given)

    monkeypatch.setattr(Holding, "write", written)
    await roll_up(api.db, lambda *_: None)

    assert not forgetting
    assert "own words" not in str(await api.stored())


async def test_marks_of_what_somebody_did_are_of_some_contents_each(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many contents somebody visits they decide themselves; a mark of all would be larger than is ever written."""
    api, learner = school.api, await school.learner()
    monkeypatch.setattr(service, "_IN_MARK", 2)
    for _ in range(5):
        session = await api.start(learner, **exercise())
        await api.update(learner, session, interactions=[wrong("q")])
    before = {mark["_id"] for mark in await api.db.find("touched", {})}

    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)

    marks = [mark for mark in await api.db.find("touched", {}) if mark["_id"] not in before]
    assert sorted(len(mark["forgotten"]) for mark in marks if "forgotten" in mark) == [1, 2, 2]
    assert str(learner.id) not in str(marks)
