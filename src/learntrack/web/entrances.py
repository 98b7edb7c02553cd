"""Addresses that people type by themselves, and where they lead."""

from litestar import get
from litestar.response import Redirect

from learntrack.web.metrics import UNCOUNTED


@get("/docs", include_in_schema=False, opt=UNCOUNTED)
async def documentation() -> Redirect:
    """To the API's description, by the name that it has elsewhere."""
    return Redirect("/schema")
