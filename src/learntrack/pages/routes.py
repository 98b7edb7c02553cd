"""All pages, with what is the same for each."""

from litestar import Router

from learntrack.errors import Refusal
from learntrack.pages.controller import PageController
from learntrack.pages.entrance import EntranceController
from learntrack.pages.event_controller import EventController
from learntrack.pages.learner_controller import LearnerController
from learntrack.pages.openid_controller import OpenIdController
from learntrack.pages.problems import problem_page, to_sign_in, too_busy
from learntrack.pages.signing_in import NotSignedIn
from learntrack.storage import DatabaseUnavailable
from learntrack.web.headers import PAGE, with_policy


def pages() -> Router:
    """The pages, which load from here only."""
    return Router(
        "/",
        route_handlers=[EntranceController, OpenIdController, PageController, LearnerController, EventController],
        include_in_schema=False,
        opt=with_policy(PAGE),
        exception_handlers={Refusal: problem_page, NotSignedIn: to_sign_in, DatabaseUnavailable: too_busy},
    )
