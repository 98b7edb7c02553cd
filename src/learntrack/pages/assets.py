"""What the pages load: stylesheets and a few small scripts, served from here because many schools are offline."""

from pathlib import Path

from litestar import Router

from learntrack.web.files import files_router
from learntrack.web.headers import PAGE


def assets() -> Router:
    """The files under /reports/static."""
    return files_router("/reports/static", Path(__file__).parent / "static", PAGE)
