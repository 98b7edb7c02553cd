"""A visit, as an app that uses asyncio sees it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from learntrack_client.local_state import SessionState
from learntrack_client.problems import invalid
from learntrack_client.shapes import Interaction, JsonObject, Update

if TYPE_CHECKING:
    from learntrack_client.client import AsyncClient


class AsyncSession:
    """A visit. `state` is what its content will be once all that waits is sent."""

    def __init__(self, client: "AsyncClient", session_id: str, content: str, state: SessionState) -> None:
        self._client = client
        self.id = session_id
        self.content = content
        self.state = state

    async def update(
        self,
        *,
        progress: float | None = None,
        progress_delta: float | None = None,
        time_spent_delta: float | None = None,
        extra_fields: JsonObject | None = None,
        interactions: Sequence[Interaction] | None = None,
    ) -> SessionState:
        """Record what happened since the last update. Once it returns, it is on the disk.

        Args:
            progress: Progress reached, 0.0–1.0; not with progress_delta.
            progress_delta: Progress made.
            time_spent_delta: Seconds spent.
            extra_fields: Anything the app keeps with the content; replaces what was there.
            interactions: What was done at questions, in order.

        Returns:
            What the content will be once all is sent.

        Raises:
            InvalidFields: a field is out of its range, or of the wrong type.
            QueueFull: there is no room in the queue, or on the disk.
            QueueUnusable: it cannot be written.

        """
        if interactions is not None and (isinstance(interactions, str) or not isinstance(interactions, Iterable)):
            raise invalid({"interactions": ["Must be a list."]})
        listed = None if interactions is None else list(interactions)
        update = Update(progress_delta, progress, time_spent_delta, extra_fields, listed)
        return await self._client.update(self, update)

    async def finish(self) -> SessionState:
        """Record that the content is done: an update with progress 1."""
        return await self.update(progress=1)

    async def sync(self, seconds: float) -> SessionState:
        """Send what waits now, and wait until this visit's part of it is sent, for so many seconds at the most."""
        await self._client.until_sent(self.id, seconds)
        return self.state
