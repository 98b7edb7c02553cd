"""docs/operations.md, command by command: each is run as it stands there, on the embedded engine in this process, or
is known to need what is not here.
"""

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.engines import lacking
from tests.support import SECRET, new_id

PAGE = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()

ELSEWHERE = {
    # what a line begins with: where it is run
    "docker build": "scripts/container-test",
    "docker run": "scripts/container-test",
    "docker exec": "scripts/container-test, and by its `learntrack …` below",
    "docker cp": "needs docker",
    "docker stop": "scripts/container-test",
    "docker start": "scripts/container-test",
    "mkdir -p secrets": "tests/serving/test_compose.py",
    "openssl rand": "tests/serving/test_compose.py",
    "docker compose": "needs docker compose; its `learntrack …` is run below",
    "kubectl": "needs a cluster",
    "helm": "tests/test_helm.py",
    "mongodump": "needs a MongoDB and its tools",
    "mongorestore": "needs a MongoDB and its tools",
    "python3 -m venv": "needs a package index",
    "pip install": "needs a package index",
    "cp ": "a file is copied",
    "rm ": "a file is removed",
    "mongosh": "needs a MongoDB",
}


ORDER = ["migrate", "backup", "restore", "move", "check", "token", "retain"]
"""The page's commands of learntrack, each after what it needs."""


def boxes() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def lines() -> list[str]:
    """Every command of the page: continued lines joined, comments cut off."""
    text = "\n".join(boxes()).replace("\\\n", " ")
    cut = (re.sub(r"(^|\s{2,})#.*", "", line).strip() for line in text.splitlines())
    return [line for line in cut if line]


def jobs() -> list[str]:
    """The `learntrack …` of each line, in whatever it is wrapped."""
    inside = (re.search(rf"\blearntrack ({'|'.join(ORDER)})\b.*", line) for line in lines())
    return sorted({match[0] for match in inside if match})


def test_every_command_is_run_somewhere() -> None:
    known = ("export ", "unset ", "LEARNTRACK_", "learntrack ", *ELSEWHERE)
    assert [line for line in lines() if not line.startswith(known)] == []
    assert [start for start in ELSEWHERE if start not in PAGE] == []


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[list[EmbeddedEngine]]:
    """The engine of a service, and that of another place to move to."""
    if reason := lacking("embedded"):
        pytest.skip(reason)
    with ExitStack() as stack:
        started = [EmbeddedEngine(tmp_path / name) for name in ("learntrack-data", "elsewhere")]
        for engine in started:
            engine.start()
            stack.callback(engine.stop)
        yield started


def when(job: str) -> tuple[int, bool, bool]:
    """Sorts commands so that each finds what it needs; what only looks, or goes ahead, comes first."""
    return ORDER.index(job.split()[1]), "--dry-run" not in job, "--ahead" not in job


def in_place(job: str, folder: Path, elsewhere: str) -> list[str]:
    """The words of a command, with places of this test for those of the page."""
    places = {
        "/backups/": f"{folder}/",
        '"$URI"': shlex.quote(elsewhere),
        "USER_ID": new_id(),
        " school.zip": f" {folder}/s",
    }
    for word, place in places.items():
        job = job.replace(word, place)
    return shlex.split(job)[1:]


def test_the_commands_of_the_page_do_what_they_say(
    engines: list[EmbeddedEngine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a container that is exec'd into: beside the service's engine, by its URI."""
    terminal = Terminal(monkeypatch, capsys)
    monkeypatch.setenv("LEARNTRACK_JWT_SECRET", SECRET)
    monkeypatch.setenv("LEARNTRACK_MONGODB_URI", engines[0].uri)
    monkeypatch.setenv("LEARNTRACK_RETAIN_ANSWERS_MONTHS", "24")
    for job in sorted(jobs(), key=when):
        words = in_place(job, tmp_path, engines[1].uri)
        settings = {}
        if words[0] == "restore" and "--dry-run" not in words:
            settings["MONGODB_DATABASE"] = f"restored_{new_id()[:6]}"  # an empty one, as after a disaster
        terminal(*words, **settings)

    assert {job.split()[1] for job in jobs()} == set(ORDER)
    assert (tmp_path / "monday.zip").exists()
