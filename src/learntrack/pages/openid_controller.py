"""Signing in to the pages with the host's OpenID Connect provider: there, and back."""

import logging
from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect

from learntrack.errors import NotFound
from learntrack.pages.entrance import sign_in_page
from learntrack.pages.openid import PENDING_SECONDS, OpenId, SentBack, SignInFailed, cookie_of
from learntrack.pages.rendering import AnyRequest
from learntrack.pages.signing_in import address_here, openid_in, signed_in

_PATH = "/reports/sign-in/provider"

logger = logging.getLogger("learntrack")

Given = Annotated[str | None, QueryParameter(required=False)]


def _openid(request: AnyRequest) -> OpenId:
    openid = openid_in(request)
    if openid is None:
        raise NotFound("There is no such page.")
    return openid


class OpenIdController(Controller):
    """Two steps: to the provider, and back from it with a code."""

    path = _PATH

    @get("/")
    async def begin(self, request: AnyRequest) -> Response[Any]:
        """Go to the provider."""
        begun = await _openid(request).begin(_back(request))
        kept = Cookie(
            key=begun.cookie,
            value=begun.sealed,
            path=_PATH,
            max_age=PENDING_SECONDS,
            httponly=True,
            secure=request.scope["scheme"] == "https",
            samesite="lax",  # the provider sends the browser back by a link from another site
        )
        return Redirect(begun.address, status_code=303, cookies=[kept])

    @get("/back")
    async def finish(
        self,
        request: AnyRequest,
        code: Given = None,
        state_: Annotated[str | None, QueryParameter(name="state", required=False)] = None,
        iss: Given = None,
        error: Given = None,
    ) -> Response[Any]:
        """Come back from the provider, and go on to the pages. What the browser has kept is good for one answer."""
        openid = _openid(request)
        cookie = cookie_of(state_ or "")
        response: Response[Any]
        try:
            token = await openid.finish(request.cookies.get(cookie, ""), SentBack(state_, code, iss, error))
        except SignInFailed as failure:
            logger.info("a sign-in with the provider failed: %s", failure)
            response = sign_in_page(request, status=401, wrong=True)
        else:
            response = signed_in(request, token, "/reports/")
        response.delete_cookie(cookie, path=_PATH)
        return response


def _back(request: AnyRequest) -> str:
    """Where the provider sends the browser back to: this service by the name under which it was asked."""
    return address_here(request, f"{_PATH}/back")
