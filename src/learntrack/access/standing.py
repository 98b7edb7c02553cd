"""What an actor is: what the token says, and what the roster of now adds to it, looked up at most once a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection

from learntrack.access.actor import Actor
from learntrack.documents import User
from learntrack.storage import Database

OWN_FIELDS = ("username", "full_name", "is_superuser", "places", "role_places")
"""What is read of the actor's own row in `users`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is.

    `places` are the facility, classrooms and groups that they are in, `role_places` those in which they are coach or
    admin. Somebody unknown to the roster is in no place and has no name.
    """

    user_id: str | None
    superuser: bool = False
    places: frozenset[str] = frozenset()
    role_places: frozenset[str] = frozenset()
    name: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether they may read others' logs at all."""
        return self.superuser or bool(self.role_places)


class Caller:
    """Who asks in one request.

    Args:
        db: Where the roster is.
        actor: Who the token says it is.

    """

    def __init__(self, db: Database, actor: Actor) -> None:
        self.db = db
        self.actor = actor
        self._standing = Standing(None) if actor.user_id is None else None

    @property
    def known_standing(self) -> Standing | None:
        """What the caller is, if it has been looked up."""
        return self._standing

    async def standing(self) -> Standing:
        """What the caller is; looked up the first time. Index: the key."""
        if self._standing is None:
            row = await self.db.find_one(User, {"_id": self.actor.user_id}, dict.fromkeys(OWN_FIELDS, 1))
            return self.learn(row)
        return self._standing

    async def is_superuser(self) -> bool:
        """Whether the caller is a superuser: nothing is looked up where the token says so."""
        return self.actor.superuser or (await self.standing()).superuser

    async def is_staff(self) -> bool:
        """Whether the caller may read others' logs at all."""
        return self.actor.superuser or (await self.standing()).is_staff

    def learn(self, row: Mapping[str, Any] | None) -> Standing:
        """What the caller is by their own row, which a look-up of others has brought along; None: there is none."""
        own: Mapping[str, Any] = row or {}
        self._standing = Standing(
            self.actor.user_id,
            superuser=self.actor.superuser or bool(own.get("is_superuser")),
            places=frozenset(own.get("places", ())),
            role_places=frozenset(own.get("role_places", ())),
            name=own.get("full_name") or own.get("username") or "",
        )
        return self._standing


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Who sends this request: the same object for its guards and its handler."""
    kept = connection.scope["state"]
    caller = kept.get("caller")
    if caller is None:
        caller = kept["caller"] = Caller(connection.app.state.db, connection.user)
    assert isinstance(caller, Caller)
    return caller
