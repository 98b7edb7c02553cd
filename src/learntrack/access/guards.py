"""Who may use a route at all, declared at the route. A guard runs before the body or a parameter is looked at."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from learntrack.access.standing import caller_of
from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import Forbidden

Connection = ASGIConnection[Any, Any, Any, Any]


class GuardedRoute(HTTPRouteHandler):
    """A route that is asked often, with its method as `http_method`. Litestar's own hand every guard a copy of
    themselves, lest it changes them: a thirtieth of a small read.
    """

    async def authorize_connection(self, connection: Connection) -> None:
        """Ask the guards."""
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]


async def superuser_only(connection: Connection, _: BaseRouteHandler) -> None:
    """Superusers, by token or by roster.

    Raises:
        Forbidden: the caller is none.

    """
    if not await caller_of(connection).is_superuser():
        raise Forbidden("Only a superuser may do this.")


async def staff_only(connection: Connection, _: BaseRouteHandler) -> None:
    """Who may read others' logs, and others in the roster, at all.

    Raises:
        Forbidden: the caller is neither coach nor admin nor superuser.

    """
    if not await caller_of(connection).is_staff():
        raise Forbidden("Only a coach, an admin or a superuser may do this.")


async def oneself_or_superuser(connection: Connection, _: BaseRouteHandler) -> None:
    """The person whom `user_id` in the path names, and superusers. What is no id is left to the handler.

    Raises:
        Forbidden: it is somebody else, and the caller is no superuser.

    """
    named = str(connection.path_params["user_id"])
    if is_id(named) and not _is_caller(connection, named) and not await caller_of(connection).is_superuser():
        raise Forbidden("You may export only what is stored about yourself.")


async def oneself_only(connection: Connection, _: BaseRouteHandler) -> None:
    """The person whom `user_id` in the path names, and nobody else.

    Raises:
        Forbidden: it is somebody else, or no id.

    """
    named = str(connection.path_params["user_id"])
    if not is_id(named) or not _is_caller(connection, named):
        raise Forbidden("You may only ask for your own progress.")


def _is_caller(connection: Connection, user_id: str) -> bool:
    return connection.user.user_id is not None and parse_id(user_id) == connection.user.user_id
