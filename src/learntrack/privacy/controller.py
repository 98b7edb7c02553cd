"""The endpoints of a person's rights over their data."""

from typing import Annotated, Any

from litestar import Controller, Response, delete, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.status_codes import HTTP_200_OK

from learntrack.access.guards import oneself_or_superuser, superuser_only
from learntrack.privacy.schemas import EXPORT_LINE_EXAMPLE, FORGOTTEN_EXAMPLE, Forgotten
from learntrack.privacy.service import Privacy
from learntrack.web.answers import encoded, lines_response
from learntrack.web.examples import example
from learntrack.web.parameters import one_of, read_choice
from learntrack.web.problems import answers

JSON_LINES = "application/jsonl"

_FORGETTABLE = ("users",)


class PrivacyController(Controller):
    """Export and removal of what is stored about a user."""

    path = "/api"
    tags = ["Privacy"]

    @get(
        "/logger/export/{user_id:str}",
        operation_id="export_user",
        guards=[oneself_or_superuser],
        media_type=JSON_LINES,
        responses=answers(400, 401, 403, 429, 503)
        | {
            200: ResponseSpec(
                str,
                description="A document a line.",
                media_type=JSON_LINES,
                examples=example(f"{encoded(EXPORT_LINE_EXAMPLE).decode()}\n"),
                generate_examples=False,
            )
        },
        summary="Everything that is stored about a user",
    )
    async def export(
        self,
        user_id: Annotated[str, Parameter(description="Your own id; a superuser: anybody's.")],
        privacy: NamedDependency[Privacy],
    ) -> Response[Any]:
        """Roster entry, sessions, summaries, tries and attempts, one JSON object a line.

        Each is `{"collection", "document"}`.
        """
        return await lines_response(await privacy.export(user_id), JSON_LINES)

    @delete(
        "/roster/{kind:str}/{user_id:str}",
        operation_id="forget_user",
        guards=[superuser_only],
        status_code=HTTP_200_OK,
        responses=answers(
            400, 401, 403, 429, 503, ok=(Forgotten, "What has been removed.", example(FORGOTTEN_EXAMPLE))
        ),
        summary="Forget a user",
    )
    async def forget(
        self,
        kind: Annotated[str, Parameter(description="Only users can be forgotten.", schema_extra=one_of(_FORGETTABLE))],
        user_id: Annotated[str, Parameter(description="The user's id.")],
        privacy: NamedDependency[Privacy],
    ) -> Forgotten:
        """Remove a user's roster entry and logs from every collection. Safe to repeat. Superusers only."""
        read_choice("kind", kind, _FORGETTABLE)
        return await privacy.forget(user_id)
