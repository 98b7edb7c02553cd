"""The whole way to a real OpenID Connect provider (npm's oidc-provider) and back, the service run as operators do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.processes import Service, free_port
from tests.support import Person, new_id, token

NODE_MODULES = Path(__file__).parents[2] / ".venv" / "node" / "node_modules"
CLIENT_SECRET = "a secret of the provider and learntrack"
SIGN_IN = "/reports/sign-in"


@pytest.fixture(scope="module")
def coach() -> Person:
    return Person(new_id())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, coach: Person) -> Iterator[Service]:
    if not (NODE_MODULES / "oidc-provider").is_dir():
        pytest.skip("oidc-provider is not installed (scripts/test installs it where there is npm)")
    port, provider_port = free_port(), free_port()
    here, issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    arguments = [str(provider_port), f"{here}{SIGN_IN}/provider/back", f"{here}{SIGN_IN}", str(coach.id)]
    provider = subprocess.Popen(
        ["node", str(Path(__file__).parent / "provider" / "provider.mjs"), *arguments],
        env=os.environ | {"NODE_MODULES": str(NODE_MODULES)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert provider.stdout is not None
        said = []
        for line in provider.stdout:
            said.append(line)
            if "listening" in line:
                break
        assert "listening" in said[-1], said
        settings = {
            "LEARNTRACK_OIDC_ISSUER": issuer,
            "LEARNTRACK_OIDC_CLIENT_ID": "learntrack",
            "LEARNTRACK_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "LEARNTRACK_OIDC_USER_CLAIM": "learner_id",
            "LEARNTRACK_OIDC_SCOPE": "openid profile",
        }
        data = tmp_path_factory.mktemp("openid") / "data"
        with Service(data, port=port, **settings) as service:
            yield service
    finally:
        provider.kill()
        provider.wait(60)


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    """What keeps cookies and goes where it is sent."""
    with httpx.Client(base_url=service.address, follow_redirects=True, verify=False, timeout=60) as browser:
        yield browser


def test_a_coach_signs_in_with_the_provider_sees_the_class_and_signs_out(
    service: Service, browser: httpx.Client, coach: Person
) -> None:
    facility, classroom, admin = new_id(), new_id(), {"Authorization": f"Bearer {token(new_id(), superuser=True)}"}
    roster = {
        "facilities": [{"id": facility, "name": "School"}],
        "classrooms": [{"id": classroom, "name": "Class 5b", "facility_id": facility}],
        "users": [{"id": coach.id, "username": "carla", "full_name": "Carla", "facility_id": facility}],
        "roles": [{"user_id": coach.id, "collection_id": classroom, "kind": "coach"}],
    }
    assert browser.put("/api/roster", json=roster, headers=admin).status_code == 200

    assert "/reports/sign-in/provider" in browser.get("/reports/").text
    page = browser.get(f"{SIGN_IN}/provider")
    assert page.status_code == 200, page.text
    assert page.url.path == f"/reports/class/{classroom}"
    assert "Class 5b" in page.text

    kept = browser.cookies["learntrack_token"]
    bearer = {"Authorization": f"Bearer {kept}"}
    refused = httpx.get(f"{service.address}/api/me", headers=bearer, verify=False, timeout=60)
    assert refused.status_code == 401, "the cookie of the pages is no token of the API"

    out = browser.post("/reports/sign-out")
    assert out.url.path == SIGN_IN
    assert "/session/end?" in out.text
    assert browser.get("/reports/").url.path == SIGN_IN


def test_an_answer_of_the_provider_is_good_for_one_time_and_one_browser(
    service: Service, browser: httpx.Client
) -> None:
    way = browser.get(f"{SIGN_IN}/provider").history
    back = next(str(step.url) for step in way if step.url.path == f"{SIGN_IN}/provider/back")
    assert set(parse_qs(urlsplit(back).query)) >= {"code", "state", "iss"}
    for answer in (browser.get(back, follow_redirects=False), httpx.get(back, verify=False, timeout=60)):
        assert answer.status_code == 401
        assert "learntrack_token" not in answer.cookies
