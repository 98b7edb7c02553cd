"""Kolibri's own paths: aliases of ours, whose 400s are told as Kolibri tells them, because its client reads them.

There the body of a 400 is a list of messages, or an object of lists by field; every other error is a problem document
as everywhere (docs/decisions/0009).
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

from litestar import Response
from litestar.connection import Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from learntrack.errors import InvalidFields, NoSuchAttempt, NotAssigned
from learntrack.web.answers import json_response
from learntrack.web.examples import example
from learntrack.web.problems import BODY, errors_of

KolibriErrors = list[str] | dict[str, list[str]]
"""The body of a 400 on Kolibri's paths: messages, or messages by field."""


def kolibri_alias(handler: HTTPRouteHandler, path: str) -> HTTPRouteHandler:
    """The same route under the path that Kolibri's clients know, with 400s in Kolibri's shape.

    Args:
        handler: The route, as a decorator made it.
        path: Where it is to be found besides, from the controller's path on.

    """
    alias = deepcopy(handler)
    alias.paths = {path}
    alias.exception_handlers = {InvalidFields: _told, 400: _told}
    alias.responses = {**(handler.responses or {}), 400: _DESCRIBED}
    alias.deprecated = True
    if isinstance(handler.operation_id, str):
        alias.operation_id = f"kolibri_{handler.operation_id}"
    return alias


def told(refusal: InvalidFields) -> KolibriErrors:
    """What Kolibri says where we refuse these fields."""
    if isinstance(refusal, NotAssigned):
        return [f"Invalid {refusal.field}"]
    if isinstance(refusal, NoSuchAttempt):
        return ["Invalid attemptlog id specified"]
    return _by_field(refusal.errors)


def _by_field(errors: Mapping[str, list[str]]) -> KolibriErrors:
    """Messages by field; a plain list where all are about the body as a whole."""
    return errors[BODY] if errors.keys() == {BODY} else dict(errors)


def _told(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    assert isinstance(error, InvalidFields | HTTPException)
    body = told(error) if isinstance(error, InvalidFields) else _by_field(errors_of(error))
    return json_response(body, status=400)


_DESCRIBED = ResponseSpec(
    cast("type[Any]", KolibriErrors),
    description="A field is missing or wrong. Nothing has been stored. In Kolibri's shape, not a problem document.",
    examples=example(["Invalid lesson_id"]),
    generate_examples=False,
)
