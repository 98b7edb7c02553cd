"""What the pages load: stylesheets and a few small scripts, served from here because many schools are offline."""

from functools import cache
from hashlib import blake2s
from pathlib import Path

from litestar import Router

from learntrack.web.files import files_router
from learntrack.web.headers import PAGE

_PATH = "/reports/static"
_FOLDER = Path(__file__).parent / "static"
_DAY = 24 * 3600


def assets() -> Router:
    """The files under /reports/static."""
    return files_router(_PATH, _FOLDER, PAGE, seconds=_DAY)


@cache
def asset(name: str) -> str:
    """The address of a file: another one whenever the file is, so that browsers may keep it."""
    version = blake2s((_FOLDER / name).read_bytes(), digest_size=4).hexdigest()
    return f"{_PATH}/{name}?v={version}"
