"""Files that pages load, served from a folder of ours: those that are there at the start, and nothing else.

A request names a file, never a path: what is asked for is looked up among the names, so that no odd name, however long
or whatever is in it, ever reaches the file system, and a refusal cannot tell where the files are.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2s
from pathlib import Path, PurePath
from typing import Any

from litestar import HttpMethod, Request, Response, Router, route
from litestar.datastructures import ETag
from litestar.params import FromPath
from litestar.response import File
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from learntrack.errors import NotFound
from learntrack.web.headers import Policy, with_policy

Files = Mapping[str, Path]


def files_router(path: str, folder: Path, policy: Policy, *, seconds: int = 0, **opt: Any) -> Router:
    """The files of a folder under a path; those of folders inside it by their path, `icons/a.svg`.

    Args:
        path: Where they are served.
        folder: Where they are.
        policy: What a browser may do with them.
        seconds: How long it may keep a file without asking again; 0: as the policy says. What is not there is not kept.
        opt: Further options of the route.

    """
    files = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}

    kept = {"Cache-Control": f"public, max-age={seconds}"} if seconds else {}

    @route(
        "/{name:path}",
        http_method=[HttpMethod.GET, HttpMethod.HEAD],
        include_in_schema=False,
        opt={**with_policy(policy), **opt},
    )
    async def file(name: FromPath[PurePath], request: Request[Any, Any, Any]) -> File | Response[None]:
        found = files.get(name.as_posix().lstrip("/"))
        if found is None:
            raise NotFound("There is no such file.")
        tag = _tag(found)
        if is_had(tag, request.headers.getall("if-none-match", [])):
            headers = kept | {"ETag": tag.to_header()}
            return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)
        return File(found, content_disposition_type="inline", filename=found.name, headers=kept, etag=tag)

    return Router(path, route_handlers=[file])


@cache
def _tag(path: Path) -> ETag:
    """Of what is in the file, so that it is the same wherever the service runs."""
    return ETag(value=blake2s(path.read_bytes(), digest_size=8).hexdigest())


def is_had(tag: ETag, had: Sequence[str]) -> bool:
    """Whether the caller says that they have it (`If-None-Match`; RFC 9110, 13.1.2), compressed or not."""
    named = [each.strip().removeprefix("W/") for line in had for each in line.split(",")]
    return f'"{tag.value}"' in named or "*" in named
