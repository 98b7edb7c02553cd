"""The endpoints that answer questions about what was recorded."""

from typing import Annotated, Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import Parameter

from learntrack.access.actor import ActorRequest
from learntrack.access.guards import GuardedRoute, oneself_only
from learntrack.access.standing import caller_of
from learntrack.domain.ids import parse_id
from learntrack.logs.filters import log_filters
from learntrack.logs.schemas import (
    ATTEMPT_EXAMPLE,
    DIFF_EXAMPLE,
    TOTAL_EXAMPLE,
    TRY_EXAMPLE,
    AttemptLogRow,
    MasteryLogDiff,
    MasteryLogRow,
    TotalProgress,
)
from learntrack.logs.service import Logs
from learntrack.web.answers import json_response, list_response
from learntrack.web.api_description import required
from learntrack.web.examples import example, page_example
from learntrack.web.kolibri_errors import kolibri_alias
from learntrack.web.paging import listed, page_request
from learntrack.web.parameters import (
    BOOLEAN,
    ID,
    WHOLE_NUMBER,
    OnlyClassroom,
    OnlyContent,
    OnlyFacility,
    PageNumber,
    PageSize,
    query,
)
from learntrack.web.problems import answers

OnlyUser = Annotated[str | None, query("Only this user.", **ID)]
QuizTries = Annotated[str | None, query("Only quiz tries (true) or exercise tries (false).", **BOOLEAN)]
Include = Annotated[str | None, query("Further fields, comma-separated: user, content, mastery_level, question_count.")]
OnlyLearnerGroup = Annotated[str | None, query("Only learners of this group.", **ID)]


class LogController(Controller):
    """Lists of tries and attempts, the diff between tries, and the total."""

    path = "/api/logger"
    tags = ["Logs"]

    @GuardedRoute(
        "/totalcontentprogress/{user_id:str}",
        http_method=HttpMethod.GET,
        guards=[oneself_only],
        operation_id="get_total_progress",
        responses=answers(400, 401, 403, 503, ok=(TotalProgress, "The total.", example(TOTAL_EXAMPLE))),
        summary="How much a learner has finished",
    )
    async def total(
        self,
        user_id: Annotated[str, Parameter(description="Your own id.")],
        logs: NamedDependency[Logs],
    ) -> Response[Any]:
        """Finished tries, plus contents done that have no tries."""
        return json_response(await logs.total(parse_id(user_id)))

    kolibri_total = kolibri_alias(total, "/userprogress/{user_id:str}")

    @get(
        "/masterylog",
        operation_id="list_mastery_logs",
        responses=answers(
            400, 401, 404, 503, ok=(listed(MasteryLogRow), "The tries.", example(page_example(TRY_EXAMPLE)))
        ),
        summary="Tries, newest first",
    )
    async def tries(
        self,
        request: ActorRequest,
        logs: NamedDependency[Logs],
        content: OnlyContent = None,
        user: OnlyUser = None,
        complete: Annotated[
            str | None, query("Only finished tries (true) or unfinished ones (false).", **BOOLEAN)
        ] = None,
        quiz: QuizTries = None,
        facility: OnlyFacility = None,
        classroom: OnlyClassroom = None,
        learner_group: OnlyLearnerGroup = None,
        include: Include = None,
        page: PageNumber = None,
        page_size: PageSize = None,
    ) -> Response[Any]:
        """The tries that you may read: your own; as a coach or admin, your learners'."""
        asked = page_request(page, page_size)
        filters = log_filters(
            content=content,
            user=user,
            complete=complete,
            quiz=quiz,
            facility=facility,
            classroom=classroom,
            learner_group=learner_group,
            include=include,
        )
        return await list_response(await logs.tries(filters, asked, by=caller_of(request)))

    @get(
        "/masterylog/{try_id:str}",
        operation_id="get_mastery_log",
        responses=answers(400, 401, 404, 503, ok=(MasteryLogRow, "The try.", example(TRY_EXAMPLE))),
        summary="One try",
    )
    async def one_try(
        self,
        try_id: Annotated[str, Parameter(description="The try's id.")],
        request: ActorRequest,
        logs: NamedDependency[Logs],
        include: Include = None,
    ) -> Response[Any]:
        """The try, if you may read it."""
        return json_response(await logs.one_try(try_id, log_filters(include=include), by=caller_of(request)))

    @get(
        "/masterylog/{index:str}/diff",
        operation_id="get_mastery_log_diff",
        operation_class=required("content", "user"),
        responses=answers(
            400, 401, 404, 503, ok=(MasteryLogDiff, "The try and its difference.", example(DIFF_EXAMPLE))
        ),
        summary="The difference between a try and the one before",
    )
    async def diff(
        self,
        index: Annotated[
            str,
            Parameter(
                description="0 is the most recent try, 1 the one before it, and so on.",
                schema_extra=WHOLE_NUMBER | {"minimum": 0},
            ),
        ],
        request: ActorRequest,
        logs: NamedDependency[Logs],
        content: Annotated[str | None, query("The content.", **ID)] = None,
        user: Annotated[str | None, query("The learner.", **ID)] = None,
        complete: Annotated[
            str | None, query("Count only finished tries (true) or unfinished ones (false).", **BOOLEAN)
        ] = None,
        quiz: QuizTries = None,
        facility: OnlyFacility = None,
        classroom: OnlyClassroom = None,
        learner_group: OnlyLearnerGroup = None,
        include: Include = None,
    ) -> Response[Any]:
        """What has changed since the try before: in all, and question by question."""
        filters = log_filters(
            content=content,
            user=user,
            complete=complete,
            quiz=quiz,
            facility=facility,
            classroom=classroom,
            learner_group=learner_group,
            include=include,
        )
        return json_response(await logs.diff(index, filters, by=caller_of(request)))

    @get(
        "/attemptlog/{attempt_id:str}",
        operation_id="get_attempt_log",
        responses=answers(400, 401, 404, 503, ok=(AttemptLogRow, "The attempt.", example(ATTEMPT_EXAMPLE))),
        summary="One attempt",
    )
    async def one_attempt(
        self,
        attempt_id: Annotated[str, Parameter(description="The attempt's id.")],
        request: ActorRequest,
        logs: NamedDependency[Logs],
    ) -> Response[Any]:
        """The attempt, if you may read it; of whatever try or visit."""
        return json_response(await logs.one_attempt(attempt_id, by=caller_of(request)))

    @get(
        "/attemptlog",
        operation_id="list_attempt_logs",
        responses=answers(
            400, 401, 404, 503, ok=(listed(AttemptLogRow), "The attempts.", example(page_example(ATTEMPT_EXAMPLE)))
        ),
        summary="Attempts, by try",
    )
    async def attempts(
        self,
        request: ActorRequest,
        logs: NamedDependency[Logs],
        masterylog: Annotated[str | None, query("Only attempts of this try.", **ID)] = None,
        user: OnlyUser = None,
        content: OnlyContent = None,
        item: Annotated[str | None, query("Only attempts at this question.")] = None,
        complete: Annotated[
            str | None, query("Only complete attempts (true) or incomplete ones (false).", **BOOLEAN)
        ] = None,
        mastery_level: Annotated[str | None, query("Only attempts of tries of this level.", **WHOLE_NUMBER)] = None,
        facility: OnlyFacility = None,
        classroom: OnlyClassroom = None,
        learner_group: OnlyLearnerGroup = None,
        page: PageNumber = None,
        page_size: PageSize = None,
    ) -> Response[Any]:
        """The attempts that you may read, by try (newest first), then by start."""
        asked = page_request(page, page_size)
        filters = log_filters(
            masterylog=masterylog,
            user=user,
            content=content,
            item=item,
            complete=complete,
            mastery_level=mastery_level,
            facility=facility,
            classroom=classroom,
            learner_group=learner_group,
        )
        return await list_response(await logs.attempts(filters, asked, by=caller_of(request)))
