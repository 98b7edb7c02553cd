"""Whether an answer is what the API's description says of it: asked of every answer that the API tests get."""

from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from learntrack.app import create_app
from learntrack.settings import Settings
from learntrack.web.problems import ProblemDocument


@cache
def app() -> Litestar:
    """The application, for what it says of its routes."""
    return create_app(Settings(jwt_secret="for looking at routes only"))


def handler_of(method: str, path: str) -> HTTPRouteHandler | None:
    """What answers there, if anything does."""
    try:
        return app().asgi_router.handle_routing(path=path, method=method)[1]
    except HTTPException:
        return None


def shape_of(handler: HTTPRouteHandler, status: int) -> Any:
    """The shape of an answer as the description shows it."""
    if handler.responses and status in handler.responses:
        return handler.responses[status].data_container
    returned = handler.parsed_fn_signature.return_type
    return returned.inner_types[0].annotation if returned.inner_types else returned.annotation


def alternatives(shape: Any) -> list[Any]:
    """The shapes that a union of shapes allows."""
    if get_origin(shape) is Annotated:
        return alternatives(get_args(shape)[0])
    if get_origin(shape) in (Union, UnionType):
        return [inner for each in get_args(shape) for inner in alternatives(each)]
    return [shape]


def fault_of(value: Any, shape: Any) -> str | None:
    """Why a value is not of a shape, or None:
    every field must be the shape's, and none of the shape's may be missing.
    """
    faults = []
    for each in alternatives(shape):
        try:
            again = msgspec.to_builtins(msgspec.convert(value, each))
        except msgspec.ValidationError as error:
            faults.append(f"{each}: {error}")
            continue
        if again == value:
            return None
        faults.append(f"{each} is read as {again}, and is {value}")
    return "; ".join(faults)


def fault_of_answer(method: str, path: str, status: int, content_type: str, body: bytes) -> str | None:
    """Why an answer is not what the description says, or None; what is no JSON is not looked at."""
    handler = handler_of(method, path)
    if content_type == "application/problem+json":
        fault = fault_of(msgspec.json.decode(body), ProblemDocument)
    elif handler is None or content_type != "application/json" or not handler.resolve_include_in_schema():
        return None
    else:
        fault = fault_of(msgspec.json.decode(body), shape_of(handler, status))
    return None if fault is None else f"{method} {path} {status}: {fault}"
