"""What the README says is what is there."""

import json
import re
import runpy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Service

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_settings_table_is_in_step_with_the_settings() -> None:
    table = runpy.run_path(str(ROOT / "scripts" / "settings-table"))["table"]

    assert table() in README


def test_the_data_model_is_in_step_with_the_documents() -> None:
    collections = runpy.run_path(str(ROOT / "scripts" / "data-model"))["collections"]

    assert collections() in (ROOT / "docs" / "data-model.md").read_text()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path / "data", "--demo", anew=True) as service:
        yield service


def shell(script: str) -> list[Any]:
    """The JSON answers that the commands print."""
    done = subprocess.run(["bash", "-eu"], input=script, capture_output=True, text=True, timeout=60, check=True)
    decoder, answers, at = json.JSONDecoder(), [], 0
    printed = done.stdout.strip()
    while at < len(printed):
        answer, at = decoder.raw_decode(printed, at)
        answers.append(answer)
        at += len(printed[at:]) - len(printed[at:].lstrip())
    return answers


def boxes(language: str) -> list[str]:
    tour = README[README.index("## A five-minute tour") : README.index("## Tokens")]
    return re.findall(rf"```{language}\n(.*?)```", tour, re.DOTALL)


def masked(value: Any) -> Any:
    """Without what is another one every time: the ids of sessions and attempts, and the time."""
    text = json.dumps(value)
    text = re.sub(r'"(session_id|id)": "[0-9a-f]{32}"', r'"\1": "…"', text)
    return json.loads(re.sub(r'"\d{4}-\d\d-\d\dT[^"]*Z"', '"…"', text))


def test_the_tour_answers_what_the_readme_says(demo: Service) -> None:
    exports = "\n".join(line for line in demo.log.read_text().splitlines() if line.startswith("export "))
    script = "\n".join([exports, *boxes("sh")]).replace("http://127.0.0.1:8000", demo.address)

    said = [json.loads(line) for box in boxes("json") for line in box.splitlines()]

    assert len(said) == 4
    assert masked(shell(script)) == masked(said)


def test_the_tour_that_the_demo_prints_works(demo: Service) -> None:
    printed = demo.log.read_text()
    tour = printed[printed.index("export ADA") : printed.index("# The class on one page")]

    started, updated, tries, diff = shell(tour)

    assert updated["complete"] is True
    assert started["session_id"]
    assert tries["count"] > 3
    assert len(tries["results"]) == 3
    assert {"correct", "time_spent"} <= set(diff["diff"])
