"""Reading request bodies: as JSON whatever the content type says, and not nested beyond what can be stored."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from learntrack.operations.problems import field_error


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
        if _deeper_than(value, self.app.state.settings.max_json_depth):
            raise field_error("body", "Nested too deeply.")
        return value

    async def body(self) -> bytes:
        """The raw body; an empty one is an empty object, so that a handler sees its fields missing."""
        return await super().body() or b"{}"


def _deeper_than(value: Any, depth: int) -> bool:
    if isinstance(value, dict):
        return depth <= 0 or any(_deeper_than(inner, depth - 1) for inner in value.values() if isinstance(inner, (dict, list)))
    if isinstance(value, list):
        return depth <= 0 or any(_deeper_than(inner, depth - 1) for inner in value if isinstance(inner, (dict, list)))
    return False
