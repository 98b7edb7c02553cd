"""The doors: what this is, signing in and out, and choosing a language."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from litestar import Controller, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from learntrack.errors import NotFound
from learntrack.pages import signing_in
from learntrack.pages.asked import Text
from learntrack.pages.languages import COOKIE, LANGUAGES
from learntrack.pages.rendering import AnyRequest, render, words_for
from learntrack.pages.signing_in import NotSignedIn

_A_YEAR = 365 * 24 * 3600


def sign_in_page(request: AnyRequest, *, wrong: bool, status: int = 200, way_out: str | None = None) -> Response[Any]:
    """The page for signing in; `wrong`: what was tried is not valid."""
    words, provider = words_for(request), signing_in.openid_in(request) is not None
    return render(request, "sign_in.html", words, status=status, wrong=wrong, provider=provider, way_out=way_out)


class EntranceController(Controller):
    """Pages that need nobody to be signed in."""

    path = "/"
    request_max_body_size = 16 * 1024  # a token in a form

    @get("/")
    async def root(self, request: AnyRequest) -> Response[Any]:
        """What this is, and where to go from here."""
        return render(request, "root.html", words_for(request))

    @get("/reports/{elsewhere:path}")
    async def elsewhere(self, elsewhere: FromPath[Path]) -> None:
        """Whatever else is asked for below /reports, such as an address that was typed.

        Raises:
            NotFound: always.

        """
        raise NotFound("There is no such page.")

    @get("/reports/sign-in")
    async def sign_in_page(self, request: AnyRequest, signed_out: Text = None, wrong: Text = None) -> Response[Any]:
        """Where to go to the host's provider, or paste a token.

        One behind the # of any page's address is taken at once.
        """
        openid = signing_in.openid_in(request)
        here = signing_in.address_here(request, signing_in.SIGN_IN)
        way_out = await openid.way_out(here) if openid is not None and signed_out else None
        return sign_in_page(request, wrong=bool(wrong), way_out=way_out)

    @post("/reports/sign-in")
    async def sign_in(self, request: AnyRequest) -> Response[Any]:
        """Take a token, from a form's field `token` or the Authorization header, into a cookie.

        A header is sent for an address that was opened, which does not silently put somebody in another's place.
        """
        signing_in.check_same_site(request)
        opened = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        token = opened or (await _field(request, "token")).strip()
        try:
            actor = await signing_in.actor_of(request, token)
        except NotSignedIn:
            return sign_in_page(request, status=401, wrong=True)
        if opened and signing_in.INSTEAD not in request.headers and await signing_in.is_somebody_else(request, actor):
            return _somebody_else(request)
        return signing_in.signed_in(request, token, "/reports/")

    @post("/reports/sign-out")
    async def sign_out(self, request: AnyRequest) -> Response[Any]:
        """Forget the token."""
        signing_in.check_same_site(request)
        return signing_in.signed_out(signing_in.SIGNED_OUT)

    @post("/reports/language")
    async def language(self, request: AnyRequest) -> Response[Any]:
        """Keep the language that somebody has chosen, and go back to where they were."""
        signing_in.check_same_site(request)
        language, back = await _field(request, "language"), await _field(request, "back")
        # A path of ours: `//host` and `/\\host` are other hosts to a browser.
        ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
        cookies = []
        if language in LANGUAGES:
            secure = request.scope["scheme"] == "https"
            cookies.append(Cookie(key=COOKIE, value=language, path="/", max_age=_A_YEAR, secure=secure, samesite="lax"))
        return Redirect(back if ours else "/", status_code=303, cookies=cookies)


def _somebody_else(request: AnyRequest) -> Response[Any]:
    words = words_for(request)
    title, detail = words.say("Somebody else is signed in here"), words.say("Nothing has been changed.")
    return render(request, "problem.html", words, status=409, title=title, detail=detail)


async def _field(request: AnyRequest, name: str) -> str:
    return parse_qs((await request.body()).decode(errors="replace")).get(name, [""])[0]
