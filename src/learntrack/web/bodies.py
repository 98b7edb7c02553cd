"""Reading request bodies: as JSON whatever the content type says, and not nested beyond what can be stored."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from learntrack.domain.any_json import is_deeper_than
from learntrack.errors import field_error

_AROUND_A_BODY = 100


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
        # A batch holds bodies, and looks at the depth of each by itself.
        deepest = self.app.state.settings.max_json_depth + (
            _AROUND_A_BODY if self.scope["path"].rstrip("/").endswith("/batch") else 0
        )
        if is_deeper_than(value, deepest):
            raise field_error("body", "Nested too deeply.")
        return value

    async def body(self) -> bytes:
        """The raw body; an empty one is an empty object, so that a handler sees its fields missing."""
        return await super().body() or b"{}"
