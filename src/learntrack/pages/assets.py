"""What the pages load: one stylesheet and two small scripts, served from here because many schools are offline."""

from pathlib import Path

from litestar import Router
from litestar.static_files import create_static_files_router

from learntrack.web.headers import PAGE, with_policy


def assets() -> Router:
    """The files under /reports/static."""
    return create_static_files_router(
        path="/reports/static",
        directories=[Path(__file__).parent / "static"],
        include_in_schema=False,
        opt=with_policy(PAGE),
    )
