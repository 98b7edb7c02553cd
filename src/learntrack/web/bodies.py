"""Reading request bodies: as JSON whatever the content type says, and not nested beyond what can be stored."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from learntrack.domain.any_json import is_deeper_than
from learntrack.errors import field_error

_OPTION = "json_depth_around_bodies"


def holding_bodies(levels: int) -> dict[str, Any]:
    """The `opt` of a route whose body holds bodies, `levels` deep within it at the most; it looks at the depth of each
    by itself.
    """
    return {_OPTION: levels}


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
