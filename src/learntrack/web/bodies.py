"""Reading request bodies: as JSON, whatever the content type says, in the shape that the route takes."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import ClientException, HTTPException, InternalServerException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.plugins import OpenAPISchemaPlugin
from litestar.types import Empty
from litestar.typing import FieldDefinition

from learntrack.access.actor import network_asking
from learntrack.domain.any_json import read_patiently, read_quickly
from learntrack.errors import TooLarge, field_error
from learntrack.settings import Settings
from learntrack.web.afterwards import once_answered
from learntrack.web.limits import WHOLLY_HERE
from learntrack.web.room_for_bodies import SMALL_BYTES, Place, RoomForBodies
from learntrack.web.values import read_as

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator


LARGE = 16 * 1024
"""Bytes of a body that are read at once; a larger one is read aside."""

_NOT_WHOLE = "The body has not come whole."
_NOT_COMPRESSED = (b"", b"identity")

T = TypeVar("T")

# One thread, whoever sends how much: several would take each other's turns, and those of everybody else.
_ASIDE = ThreadPoolExecutor(1, "bodies")
# What has no end is a string too, so that no second look begins within it.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


async def aside(work: Callable[[], T]) -> T:
    """Do what takes long, without keeping others waiting."""
    return await asyncio.get_running_loop().run_in_executor(_ASIDE, work)


@dataclass(frozen=True)
class MostJson:
    """How much there may be in a body: each takes memory and time that its one or two bytes do not tell."""

    objects: int
    """Lists and objects."""
    values: int
    """Values of any kind, told by their commas."""

    @classmethod
    def by(cls, settings: Settings) -> Self:
        """As the settings say."""
        return cls(settings.max_json_objects, settings.max_json_values)

    def times(self, parts: int) -> "MostJson":
        """What so many bodies together may have."""
        return MostJson(parts * self.objects, parts * self.values)


@dataclass(frozen=True)
class DescribedAs:
    """Marks a body that a handler takes as plain values, to look at each part by itself: how it is described.

    `data: Annotated[dict[str, Any], DescribedAs(Batch)]`.
    """

    shape: type[msgspec.Struct]


class DescribedBodies(OpenAPISchemaPlugin):
    """Describes bodies that are marked by the shapes that they are said to have."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether this is such a body."""
        return field_definition.has_metadata(DescribedAs)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: "SchemaCreator") -> Any:
        """The shape's description."""
        [shape] = [mark.shape for mark in field_definition.metadata if isinstance(mark, DescribedAs)]
        return schema_creator.for_field_definition(FieldDefinition.from_annotation(shape))


class JsonRequest(Request[Any, Any, State]):
    """A request whose JSON body is read in the shape that its route takes."""

    async def json(self) -> Any:
        """The body in the shape of the route's `data`, or as plain values where that is no shape of ours.

        Raises:
            InvalidFields: it is not JSON, or a field is missing or wrong.
            TooLarge: it has too many lists and objects, or values.

        """
        body = await self.body()
        if len(body) <= LARGE:
            return self._read(body)
        return await aside(partial(self._read, body, self.most))

    @property
    def most(self) -> MostJson | None:
        """How much its body may have; None where that does not matter."""
        return MostJson.by(self.app.state.settings)

    def _read(self, body: bytes, most: MostJson | None = None) -> Any:
        value = decoded(body, most)
        data = self.scope["route_handler"].parsed_data_field
        if data is not None and isinstance(data.annotation, type) and issubclass(data.annotation, msgspec.Struct):
            return read_as(data.annotation, value)
        return value

    async def body(self) -> bytes:
        """The raw body; an empty one is an empty object, so that a handler sees its fields missing.

        One that is there needs no line to be stood in for it, nor has it to be gathered. Raises as `stream`.
        """
        if WHOLLY_HERE in self.scope and self._connection_state.body is Empty:
            self._refuse_compressed()
            self._body = self._connection_state.body = await self._small_body()
        return await super().body() or b"{}"

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes: no larger than this caller's may be, and a large one when there is room for it.

        Raises:
            RequestEntityTooLarge: it is larger.
            HTTPException: there is no room (503), it comes too slowly while others wait (408), or it is compressed
                (415).
            ClientException: the caller went away before it had come whole. Nobody hears of that, and nothing is wrong
                here.

        """
        self._refuse_compressed()
        most = self._most_bytes()
        announced = self.content_length or 0
        if most is not None and announced > most:
            raise self._too_large()
        place = await self._place(announced) if announced > SMALL_BYTES else None
        size = 0
        parts = super().stream()
        try:
            while (part := await self._next(parts, place)) is not None:
                size += len(part)
                if most is not None and size > most:
                    raise self._too_large()
                if place is None and size > SMALL_BYTES:
                    place = await self._place(most or size)
                yield part
        except RequestEntityTooLarge:
            raise self._too_large() from None
        except InternalServerException as error:
            raise ClientException(_NOT_WHOLE) from error
        if place is not None:
            self._room.arrived(place, size)

    def _refuse_compressed(self) -> None:
        """Look in the headers as they came, of which the framework would make a copy."""
        for name, value in self.scope["headers"]:
            if name != b"content-encoding":
                continue
            if any(coding.strip().lower() not in _NOT_COMPRESSED for coding in value.split(b",")):
                detail = "A body is taken as it is, not compressed: leave Content-Encoding out."
                raise HTTPException(detail, status_code=415, headers={"Accept-Encoding": "identity"})

    async def _small_body(self) -> bytes:
        message = await self.receive()
        if message["type"] != "http.request":
            raise ClientException(_NOT_WHOLE)
        most = self._most_bytes()
        if most is not None and len(message["body"]) > most:
            raise self._too_large()
        return message["body"]

    async def _next(self, parts: AsyncGenerator[bytes, None], place: Place | None) -> bytes | None:
        if place is None:
            return await anext(parts, None)
        async with place.in_time():
            return await anext(parts, None)

    async def _place(self, size: int) -> Place:
        """Room for this body, until its answer begins."""
        place = Place(self._user or network_asking(self), size)
        answered = once_answered(self.scope)
        answered.callback(self._room.leave, place)
        answered.callback(self._forget)
        await self._room.enter(place)
        return place

    def _forget(self) -> None:
        """Keep the body no longer: it has been answered, and somebody may take long to read that."""
        self._body = self._connection_state.body = b""

    @property
    def _room(self) -> RoomForBodies:
        room: RoomForBodies = self.app.state.room_for_bodies
        return room

    @property
    def _user(self) -> str | None:
        """Who has signed in."""
        return getattr(self.scope.get("user"), "user_id", None)

    def _most_bytes(self) -> int | None:
        """The bound of a body, the lower one of this route's and of those who are not signed in."""
        bounds = [self.route_handler.resolve_request_max_body_size()]
        if self._user is None:
            bounds.append(self.app.state.settings.max_anonymous_body_bytes)
        return min((each for each in bounds if each is not None), default=None)

    def _too_large(self) -> RequestEntityTooLarge:
        most, route = self._most_bytes(), self.route_handler.resolve_request_max_body_size()
        whose = "" if most == route else " of a caller who is not signed in"
        return RequestEntityTooLarge(f"body: may have at most {most} bytes{whose}.")


def has_more(signs: bytes, most: int, body: bytes) -> bool:
    """Whether JSON text has more than `most` of these signs; within strings they count for nothing."""
    perhaps = sum(body.count(sign) for sign in signs)
    surely = at = 0
    for found in _STRINGS.finditer(body) if perhaps > most else ():
        for sign in signs:
            surely += body.count(sign, at, found.start())
            perhaps -= body.count(sign, *found.span())
        at = found.end()
        if surely > most or perhaps <= most:
            break
    return perhaps > most


async def is_large(request: Request[Any, Any, Any]) -> bool:
    """Whether it takes long enough to look at the body that others should have their turn meanwhile."""
    return len(await request.body()) > LARGE


class TrustedRequest(JsonRequest):
    """A request of a superuser's, whose body may have as much as fits into it."""

    @property
    def most(self) -> None:
        """No bound."""


def decoded(body: bytes, most: MostJson | None = None) -> Any:
    """The plain values of JSON, of all that JavaScript's `JSON.stringify` makes.

    Args:
        body: The text.
        most: How much it may have. It is counted before any is made.

    Raises:
        InvalidFields: it is not JSON, or nested beyond all measure.
        TooLarge: it has more.

    """
    if most is not None:
        if has_more(b"[{", most.objects, body):
            raise TooLarge(f"body: there may be at most {most.objects} lists and objects in it.")
        if has_more(b",", most.values, body):
            raise TooLarge(f"body: there may be at most {most.values} values in it.")
    try:
        return read_quickly(body)
    except RecursionError:
        raise field_error("body", "Nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return read_patiently(body.decode())
        except RecursionError:
            raise field_error("body", "Nested too deeply.") from None
        except ValueError:
            raise field_error("body", f"Not valid JSON: {error}") from None
