"""Errors as problem documents (RFC 9457), made in one place.

A service raises what happened; the table at the end says how that is told to a client.
"""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsException, ProblemDetailsPlugin

from learntrack.errors import (
    BeingForgotten,
    Conflict,
    Forbidden,
    Forgotten,
    InvalidFields,
    KeyReused,
    KeysUnavailable,
    NotFound,
    Refusal,
    StartedAlready,
    StillRunning,
    TooLarge,
    field_error,
)
from learntrack.storage import DatabaseUnavailable
from learntrack.web.examples import example

logger = logging.getLogger("learntrack")
outages = logging.getLogger("learntrack.outages")
"""Its lines are said once a minute: each request of an outage has the same reason."""

BODY = "body"
"""What a message is about that is about no field."""
_RETRY_AFTER = "1"
_UNAVAILABLE = "The database cannot be reached or written just now. Try again."
_TOO_LATE = "The request took too long. It may or may not have been done; try again."
_MISSING = re.compile(r"Object missing required field `(.+)`")
_PATH = re.compile(r" - at `\$\.?(.*)`$")


class ProblemDocument(msgspec.Struct):
    """What went wrong (RFC 9457, application/problem+json)."""

    status: int
    title: str
    detail: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


_STATUSES: Mapping[type[Refusal], HTTPStatus] = {
    InvalidFields: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    KeysUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


_PASSING = (StillRunning, BeingForgotten, Forgotten, KeysUnavailable)
"""What is over by itself soon, so that the answer says when to come again."""


def status_of(refusal: Refusal) -> HTTPStatus:
    """How a refusal is told over HTTP; that of the nearest class above it."""
    return next(_STATUSES[kind] for kind in type(refusal).__mro__ if kind in _STATUSES)


def document_of(refusal: Refusal) -> ProblemDocument:
    """A refusal as a document, where it is only a part of an answer."""
    status = status_of(refusal)
    errors = refusal.errors if isinstance(refusal, InvalidFields | StartedAlready) else msgspec.UNSET
    return ProblemDocument(status, status.phrase, refusal.detail, errors)


def unavailable() -> ProblemDocument:
    """What is said of a part of an answer that the database could not take."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return ProblemDocument(status, status.phrase, _UNAVAILABLE)


def too_late() -> tuple[ProblemDocument, list[tuple[bytes, bytes]]]:
    """What is said of a request that took too long, and with what headers."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", _RETRY_AFTER.encode())]
    return ProblemDocument(status, status.phrase, _TOO_LATE), headers


_MEANING = {
    400: "A field is missing or wrong; `errors` names it. Nothing has been stored.",
    401: "The token is forged, expired or not a token.",
    403: "The caller may not do this.",
    404: "There is no such thing, or it is somebody else's.",
    409: "The same request is still being answered; or, of the roster, somebody in it is being forgotten.",
    408: "The body did not arrive in time.",
    413: "The request is larger than the service accepts.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests; `Retry-After` says when to try again.",
    503: "The database cannot be reached or written just now; try again.",
}


_DETAILS = {
    400: "kind: This field is required.",
    401: "The token has expired.",
    403: "You may not take this quiz.",
    404: "There is no such content session.",
    408: "The body did not arrive in time.",
    409: "The same request is still being answered. Try again.",
    413: "extra_fields may have at most 4194304 bytes.",
    422: "This Idempotency-Key was used for another request.",
    429: "Too many requests: at most 3000 a minute from one address without a valid token.",
    503: _UNAVAILABLE,
}


def answers(*statuses: int, ok: tuple[Any, str, list[Example]] | None = None) -> dict[int, ResponseSpec]:
    """The answers of an operation, for its OpenAPI description.

    Args:
        statuses: Those of its errors.
        ok: Of success, if that is to be described: shape, description, examples.

    """
    success = {200: ResponseSpec(ok[0], description=ok[1], examples=ok[2], generate_examples=False)} if ok else {}
    return success | {
        status: ResponseSpec(
            data_container=ProblemDocument,
            description=_MEANING[status],
            media_type="application/problem+json",
            examples=example(_example(status)),
            generate_examples=False,
        )
        for status in statuses
    }


def _example(status: int) -> dict[str, Any]:
    """What is said of an error, as it is said."""
    document = {"status": status, "title": HTTPStatus(status).phrase, "detail": _DETAILS[status]}
    return document | ({"errors": {"kind": ["This field is required."]}} if status == HTTPStatus.BAD_REQUEST else {})


def _document(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Mapping[str, list[str]] | None = None
) -> ProblemDetailsException:
    return ProblemDetailsException(
        status_code=status,
        title=HTTPStatus(status).phrase,
        detail=detail,
        headers=dict(headers or {}),
        extra={"errors": dict(errors)} if errors is not None else None,
    )


def _from_refusal(error: Refusal) -> ProblemDetailsException:
    headers = {"Retry-After": _RETRY_AFTER} if isinstance(error, _PASSING) else None
    errors = error.errors if isinstance(error, InvalidFields) else None
    return _document(status_of(error), error.detail, headers, errors)


def _from_unavailable(error: DatabaseUnavailable) -> ProblemDetailsException:
    outages.warning("database unavailable: %s", error)
    return _document(503, _UNAVAILABLE, {"Retry-After": _RETRY_AFTER})


def _from_http(error: HTTPException) -> ProblemDetailsException:
    if isinstance(error, ValidationException):
        return _from_refusal(InvalidFields(errors_of(error)))
    if isinstance(error, InternalServerException):
        return _from_anything(error)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return _document(400, error.detail, error.headers, errors_of(error))
    return _document(error.status_code, error.detail, error.headers)


def errors_of(error: HTTPException) -> dict[str, list[str]]:
    """The messages by field of a request that the framework could not read; `BODY` where it names none."""
    errors: dict[str, list[str]] = {}
    if isinstance(error, ValidationException):
        for message in error.extra if isinstance(error.extra, list) else []:
            field, text = _worded(
                str(message.get("key", "")).removeprefix("data").lstrip("."), message.get("message", error.detail)
            )
            errors.setdefault(field, []).append(text)
    return errors or {BODY: [error.detail]}


def _from_anything(error: Exception) -> ProblemDetailsException:
    logger.error("unexpected error", exc_info=error)
    return _document(500, "Something went wrong here. It has been noted.")


def invalid(error: msgspec.ValidationError) -> InvalidFields:
    """The refusal of a value that msgspec could not convert, naming the field by its path."""
    text = str(error)
    path = _PATH.search(text)
    return field_error(*_worded(path[1] if path else "", _PATH.sub("", text)))


def _worded(field: str, text: str) -> tuple[str, str]:
    """The field that a conversion error is about, and the error in words for people."""
    if missing := _MISSING.fullmatch(text):
        return f"{field}.{missing[1]}".lstrip("."), "This field is required."
    if "matching regex" in text:
        text = "Must be a valid UUID."
    return field or BODY, text.replace("`", "'")


problem_details = ProblemDetailsPlugin(
    ProblemDetailsConfig(
        exception_to_problem_detail_map={
            Refusal: _from_refusal,
            DatabaseUnavailable: _from_unavailable,
            HTTPException: _from_http,
            Exception: _from_anything,
        }
    )
)
