"""What the pages load: one stylesheet and two small scripts, served from here because many schools are offline."""

from pathlib import Path

from litestar import Router
from litestar.static_files import create_static_files_router


def assets() -> Router:
    """The files under /reports/static."""
    return create_static_files_router(
        path="/reports/static", directories=[Path(__file__).parent / "static"], include_in_schema=False
    )
