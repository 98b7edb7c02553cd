"""Signing in and out: by this site's own form only, and for the pages alone."""

from types import SimpleNamespace
from typing import Any

import pytest

from learntrack.pages.signing_in import address_here
from learntrack.settings import Settings
from tests.pages.opening import Class, page
from tests.support import token

pytestmark = pytest.mark.one_engine("embedded", "mongoeco")


async def test_signing_in_and_out(room: Class) -> None:
    api = room.api
    assert (await page(api, "/", None, expect=303)).headers["location"] == "/reports/sign-in"
    good = await page(api, "/sign-in", None, expect=303, method="POST", data={"token": token(room.coach.id or "")})
    cookie = good.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/reports" in cookie
    by_header = {"Authorization": f"Bearer {token(room.coach.id or '')}"}
    assert "set-cookie" in (await page(api, "/sign-in", None, expect=303, method="POST", headers=by_header)).headers
    for bad in ("", "nonsense", token(room.coach.id or "", secret="another secret, just as long")):
        refused = await page(api, "/sign-in", None, expect=401, method="POST", data={"token": bad})
        assert "set-cookie" not in refused.headers
    await page(api, "/sign-out", room.coach, expect=403, method="POST", headers={"Sec-Fetch-Site": "cross-site"})
    out = await page(api, "/sign-out", room.coach, expect=303, method="POST")
    assert 'learntrack_token=""' in out.headers["set-cookie"] or "max-age=0" in out.headers["set-cookie"].lower()
    api.client.cookies.clear()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_another_sites_form_neither_signs_in_nor_out(room: Class, path: str) -> None:
    async def send(headers: dict[str, str]) -> int:
        sent = {"data": {"token": token(room.coach.id or "")}, "headers": headers}
        answer = await room.api.client.post(f"/reports{path}", **sent)  # type: ignore[arg-type]
        room.api.client.cookies.clear()
        return answer.status_code

    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://learntrack"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://learntrack:81"},
        {"Origin": "http://learntrack.evil.example"},
        {"Origin": "http://[", "Referer": "http://learntrack/reports/sign-in"},
        {"Referer": "https://evil.example/?http://learntrack/"},
        {"Referer": "http://learntrack@evil.example/"},
    ):
        assert await send(foreign) == 403, foreign
    for own in (
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Origin": "null"},
        {"Origin": "http://learntrack"},
        {"Origin": "https://LEARNTRACK"},
        {"Referer": "http://learntrack/reports/sign-in"},
    ):
        assert await send(own) == 303, own


async def test_the_cookie_opens_pages_only(room: Class) -> None:
    cookie = {"Cookie": f"learntrack_token={token(room.coach.id or '')}"}
    answer = await room.api.client.get("/api/logger/masterylog", headers=cookie, params={"user": room.learner.id})
    assert answer.json() == []


@pytest.mark.parametrize("host", ["x:99999", "x:y", "a@b:-1"])
async def test_no_address_is_made_of_a_host_that_is_none(room: Class, host: str) -> None:
    for path in ("/reports/sign-in", "/reports/sign-in?signed_out=true"):
        assert (await room.api.client.get(path, headers={"Host": host})).status_code == 400


async def test_an_address_that_is_opened_puts_nobody_in_anothers_place_without_a_word(room: Class) -> None:
    """A link with somebody's token is easily sent to somebody else, who would go on under that name."""
    other = {"Authorization": f"Bearer {token(room.learner.id or '')}"}
    refused = await page(room.api, "/sign-in", room.coach, expect=409, method="POST", headers=other)
    assert "set-cookie" not in refused.headers
    assert "Somebody else is signed in here" in refused.text

    for headers in ({"Authorization": f"Bearer {token(room.coach.id or '')}"}, other | {"Learntrack-Instead": "true"}):
        taken = await page(room.api, "/sign-in", room.coach, expect=303, method="POST", headers=headers)
        assert "learntrack_token=" in taken.headers["set-cookie"]
        room.api.client.cookies.clear()
    expired = {"Cookie": f"learntrack_token={token(room.coach.id or '', exp=1)}"}
    await page(room.api, "/sign-in", None, expect=303, method="POST", headers=other | expired)
    room.api.client.cookies.clear()


@pytest.mark.parametrize(("setting", "address"), [("https://a.example", "https://a.example/x"), (None, "http://b/x")])
def test_a_provider_sends_back_to_where_the_service_is_said_to_be(setting: str | None, address: str) -> None:
    """Not to where a Host header says, which a proxy may hand on unseen."""
    state = SimpleNamespace(settings=Settings(public_url=setting))
    request: Any = SimpleNamespace(app=SimpleNamespace(state=state), base_url="http://b/")
    assert address_here(request, "/x") == address
