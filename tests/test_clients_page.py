"""The samples for who writes an app do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.typescript import built
from tests.processes import Service
from tests.support import Person, new_id, token

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "clients.md").read_text()
INTERPRETERS = {"sh": ["bash", "-eu"], "python": [sys.executable, "-"], "js": ["node", "--input-type=module", "-"]}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("samples") / "data") as service:
        yield service


def ran(service: Service, language: str, number: int, learner: Person, folder: Path) -> str:
    """What a sample of the page prints at last."""
    command = INTERPRETERS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]}")
    sample = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]
    given = {"LEARNTRACK": service.address, "LEARNER": str(learner.id), "TOKEN": token(str(learner.id))}
    if language == "js":
        (folder / "node_modules" / "@learntrack").mkdir(parents=True)
        (folder / "node_modules" / "@learntrack" / "client").symlink_to(built())
    done = subprocess.run(
        command,
        input=sample,
        cwd=folder,
        env=os.environ | given | {"PYTHONPATH": str(ROOT / "clients" / "python" / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return re.sub(r"\W", "", done.stdout.strip().splitlines()[-1]).lower()


@pytest.mark.parametrize("language", INTERPRETERS)
def test_a_sample_records_a_visit(service: Service, language: str, tmp_path: Path) -> None:
    learner = Person(new_id())

    assert ran(service, language, 0, learner, tmp_path).endswith("completetrue")

    total = service.send("GET", f"/api/logger/totalcontentprogress/{learner.id}", learner).json()
    assert total == {"id": learner.id, "progress": 1}
    exported = service.send("GET", f"/api/logger/export/{learner.id}", learner).text.splitlines()
    [summary] = [line["document"] for line in map(json.loads, exported) if line["collection"] == "content_summaries"]
    assert (summary["time_spent"], summary["extra_fields"]) == (30.0, {"at": 30})


@pytest.mark.parametrize("language", ["python", "js"])
def test_a_sample_masters_an_exercise_and_hands_in_a_quiz(service: Service, language: str, tmp_path: Path) -> None:
    learner = Person(new_id())

    assert ran(service, language, 1, learner, tmp_path).endswith("completetrue")

    tries = service.send("GET", "/api/logger/masterylog", learner).json()
    assert sorted((each["mastery_criterion"]["type"], each["complete"], each["correct"]) for each in tries) == [
        ("m_of_n", True, 2.0),
        ("quiz", True, 2.0),
    ]
