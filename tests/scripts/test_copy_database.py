"""A school moves from one engine to another, as docs/operations.md says."""

import subprocess
import sys
from pathlib import Path

import pytest

from learntrack.storage.engine.embedded import running_uri
from tests.engines import SECANTUSD_PY, lacking
from tests.processes import Service
from tests.support import Person, exercise, new_id, right

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "copy-database"


def test_what_was_recorded_on_one_engine_goes_on_on_another(tmp_path: Path) -> None:
    if reason := lacking("embedded") or lacking("secantusd_py"):
        pytest.skip(reason)
    learner, body = Person(new_id()), exercise()
    with Service(tmp_path / "rust") as old, Service(tmp_path / "python", LEARNTRACK_ENGINE=str(SECANTUSD_PY)) as new:
        session = old.send("POST", "/api/logger/contentsession", learner, json=body).json()["session_id"]
        path = f"/api/logger/contentsession/{session}"
        old.send("PUT", path, learner, json={"interactions": [right("a", answer={"$where": 1, "a.b": [{"": None}]})]})
        read = "/api/logger/attemptlog"
        recorded = old.send("GET", read, learner).json()

        uris = [str(running_uri(each.data_dir)) for each in (old, new)]
        subprocess.run([sys.executable, str(SCRIPT), *uris], check=True, capture_output=True, timeout=60)

        assert len(recorded) == 1
        assert new.send("GET", read, learner).json() == recorded
        assert new.send("PUT", path, learner, json={"interactions": [right("b")]}).status_code == 200
        assert len(new.send("GET", read, learner).json()) == 2
