"""Reading request bodies: as JSON, whatever the content type says, in the shape that the route takes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from learntrack.domain.any_json import read_patiently
from learntrack.errors import field_error
from learntrack.web.values import read

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator


LARGE = 128 * 1024
"""Bytes of a body that are read at once; a larger one is read in a thread."""


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

        """
        body = await self.body()
        if len(body) <= LARGE:
            return self._read(body)
        return await asyncio.to_thread(self._read, body)  # where others have their turn meanwhile

    def _read(self, body: bytes) -> Any:
        value = decoded(body)
        data = self.scope["route_handler"].parsed_data_field
        if data is not None and isinstance(data.annotation, type) and issubclass(data.annotation, msgspec.Struct):
            return read(data.annotation, value)
        return value

    async def body(self) -> bytes:
        """The raw body; an empty one is an empty object, so that a handler sees its fields missing."""
        return await super().body() or b"{}"

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes; of a caller who is not signed in only a small one.

        Raises:
            RequestEntityTooLarge: it is larger than this caller's may be.

        """
        if getattr(self.scope.get("user"), "user_id", None) is not None:
            async for part in super().stream():
                yield part
            return
        most: int = self.app.state.settings.max_anonymous_body_bytes
        size = self.content_length or 0
        if size > most:
            raise RequestEntityTooLarge
        size = 0
        async for part in super().stream():
            size += len(part)
            if size > most:
                raise RequestEntityTooLarge
            yield part


async def is_large(request: Request[Any, Any, Any]) -> bool:
    """Whether it takes long enough to look at the body that others should have their turn meanwhile."""
    return len(await request.body()) > LARGE


def decoded(body: bytes) -> Any:
    """The plain values of JSON, of all that JavaScript's `JSON.stringify` makes.

    Raises:
        InvalidFields: it is not JSON, or nested beyond all measure.

    """
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise field_error("body", "Nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return read_patiently(body.decode())
        except RecursionError:
            raise field_error("body", "Nested too deeply.") from None
        except ValueError:
            raise field_error("body", f"Not valid JSON: {error}") from None
