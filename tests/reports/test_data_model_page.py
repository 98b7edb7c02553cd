"""Every question that docs/data-model.md prints is right, also on the engines that answer some others wrongly."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from learntrack.domain.mastery import MASTERY_MODELS, ContentKind
from tests.support import School, exercise, right, wrong

PAGE = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text()
QUESTION = re.compile(r"```js\n\s*db\.(\w+)\.aggregate\((.*?)\n\s*\]\)\n\s*```", re.DOTALL)
KEY = re.compile(r"([{,]\s*)(\$?\w+)\s*:")


def questions() -> list[tuple[str, str]]:
    """The collections and pipelines, as JSON."""
    return [(name, KEY.sub(r'\1"\2":', pipeline) + "]") for name, pipeline in QUESTION.findall(PAGE)]


async def answers(school: School, **names: str) -> list[list[dict[str, Any]]]:
    found = []
    for collection, pipeline in questions():
        filled = re.sub(r'"([A-Z]+)"', lambda word: f'"{names[word[1]]}"', pipeline)
        found.append(await school.api.db.rows(collection, json.loads(filled)))
    return found


@pytest.mark.engines("embedded", "mongoeco")
async def test_what_the_page_prints_is_answered_rightly(school: School) -> None:
    api, learner, practice = school.api, await school.learner(), exercise()
    session = await api.start(learner, **practice)
    for number in range(40):  # more than a document holds
        await api.update(learner, session, interactions=[(right if number % 2 else wrong)("q")])
    other = await school.learner()
    await api.update(other, await api.start(other, **practice), interactions=[right("q")])

    by_question, curve, hours, attempts = await answers(
        school, CLASSROOM=school.places["A1"], CONTENT=practice["content_id"], USER=learner.id or ""
    )

    assert [[each["number"] for each in row["attempts"]] for row in attempts] == [list(range(40))]
    [row] = by_question
    assert (row["_id"], 0 < row["attempts"] <= 41, 0 < row["correct"] < 1) == (
        {"content": practice["content_id"], "item": "q"},
        True,
        True,
    )
    assert curve[0] in ({"_id": 0, "tries": 1, "correct": 1.0}, {"_id": 0, "tries": 2, "correct": 0.5})
    assert sum(hour["sessions"] for hour in hours) >= 2


@pytest.mark.parametrize("word", [*MASTERY_MODELS, *get_args(ContentKind)])
def test_the_page_names_every_kind_and_criterion(word: str) -> None:
    shapes = PAGE[PAGE.index("## Shapes of what is free-form") : PAGE.index("## Stable and not")]

    assert re.search(rf"\b{word}\b", shapes)
