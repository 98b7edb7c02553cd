"""The roster's endpoints."""

from collections.abc import Sequence
from typing import Annotated, Any, get_args

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import Body, Parameter

from learntrack.access.actor import ActorRequest
from learntrack.access.guards import staff_only, superuser_only
from learntrack.access.standing import caller_of
from learntrack.roster.me import HEARTBEAT_EXAMPLE, ME_EXAMPLE, Heartbeat, Me
from learntrack.roster.schemas import (
    COUNTS_EXAMPLE,
    RECORDS,
    ROSTER_EXAMPLE,
    USER_EXAMPLE,
    Roster,
    RosterCounts,
    RosterKind,
)
from learntrack.roster.service import RosterService
from learntrack.web.answers import list_response
from learntrack.web.bodies import TrustedRequest
from learntrack.web.examples import example, page_example
from learntrack.web.paging import listed, page_request
from learntrack.web.parameters import PageNumber, PageSize, one_of, read_choice
from learntrack.web.problems import answers

_KINDS: Sequence[RosterKind] = get_args(RosterKind)


class RosterController(Controller):
    """Writing and listing people, collections and assignments."""

    path = "/api/roster"
    request_class = TrustedRequest
    tags = ["Roster"]

    @put(
        operation_id="write_roster",
        guards=[superuser_only],
        responses=answers(
            400, 401, 403, 409, 413, 503, ok=(RosterCounts, "How many records were written.", example(COUNTS_EXAMPLE))
        ),
        summary="Write the roster",
    )
    async def put_roster(
        self,
        data: Annotated[Roster, Body(description="What to add, change and remove.", examples=example(ROSTER_EXAMPLE))],
        roster_service: NamedDependency[RosterService],
    ) -> RosterCounts:
        """Add, change and remove records: all of them, or none. Safe to repeat. Superusers only."""
        return await roster_service.write(data)

    @get(
        "/{kind:str}",
        operation_id="list_roster",
        guards=[staff_only],
        responses=answers(
            400, 401, 403, 404, 503, ok=(listed(*RECORDS.values()), "The records.", example(page_example(USER_EXAMPLE)))
        ),
        summary="List a part of the roster",
    )
    async def list_kind(
        self,
        kind: Annotated[str, Parameter(description="Which part.", schema_extra=one_of(_KINDS))],
        request: ActorRequest,
        roster_service: NamedDependency[RosterService],
        page: PageNumber = None,
        page_size: PageSize = None,
    ) -> Response[Any]:
        """The records of one kind, ordered by id: for superusers all, for coaches and admins what is about the places
        where they have a role.
        """
        asked = page_request(page, page_size)
        part = read_choice("kind", kind, _KINDS)
        return await list_response(await roster_service.list(part, asked, by=caller_of(request)))


class CallerController(Controller):
    """Who the caller is."""

    path = "/api"
    tags = ["Roster"]

    @get(
        "/me",
        operation_id="get_me",
        responses=answers(401, 503, ok=(Me, "The caller.", example(ME_EXAMPLE))),
        summary="Who you are",
    )
    async def me(self, request: ActorRequest, roster_service: NamedDependency[RosterService]) -> Me:
        """Your entry in the roster, your roles, and the classes and groups that you are in."""
        return await roster_service.me(caller_of(request))

    @put(
        "/auth/session/current",
        operation_id="heartbeat",
        responses=answers(401, 503, ok=(Heartbeat, "The caller and the clock.", example(HEARTBEAT_EXAMPLE))),
        summary="Kolibri's heartbeat",
    )
    async def heartbeat(self, request: ActorRequest, roster_service: NamedDependency[RosterService]) -> Heartbeat:
        """What Kolibri's client asks every few minutes: who is signed in, and what time the server has. Nothing is
        kept of it; a body is not looked at.
        """
        return await roster_service.heartbeat(caller_of(request))
