"""Reading request bodies: as JSON whatever the content type says, and not nested beyond what can be stored."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from learntrack.domain.any_json import is_deeper_than
from learntrack.errors import field_error

if TYPE_CHECKING:
    from litestar._openapi.schema_generation import SchemaCreator

_OPTION = "json_depth_around_bodies"


def holding_bodies(levels: int) -> dict[str, Any]:
    """The `opt` of a route whose body holds bodies, `levels` deep within it at the most;
    it looks at the depth of each by itself.
    """
    return {_OPTION: levels}


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
    """A request whose JSON body is checked for depth before anything looks at it."""

    async def json(self) -> Any:
        """The body as plain values.

        Raises:
            InvalidFields: it is not JSON, or nested too deeply.

        """
        try:
            value = msgspec.json.decode(await self.body())
        except RecursionError:
            raise field_error("body", "Nested too deeply.") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise field_error("body", f"Not valid JSON: {error}") from None
        around: int = self.scope["route_handler"].opt.get(_OPTION, 0)
        if is_deeper_than(value, self.app.state.settings.max_json_depth + around):
            raise field_error("body", "Nested too deeply.")
        return value

    async def body(self) -> bytes:
        """The raw body; an empty one is an empty object, so that a handler sees its fields missing."""
        return await super().body() or b"{}"
