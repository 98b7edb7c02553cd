"""What can go wrong, by name. Each problem that the service tells has its `status`, `title`, `detail` and `errors`."""

from learntrack_client.shapes import ProblemDocument


class LearntrackError(Exception):
    """Anything that this package raises."""


class QueueFull(LearntrackError):
    """The queue holds as much as it may; nothing was stored. `Status.nearly_full` told so before."""


class QueueUnusable(LearntrackError):
    """The queue cannot be read or written: its folder is read-only or not there, another program holds it, its file is
    damaged or of a later release. What was to be stored is not.
    """


class Closed(LearntrackError):
    """The client is closed, or not open yet, or was made before a fork."""


class Unreachable(LearntrackError):
    """The service did not answer, or what answered is not the service."""


class SignedOut(LearntrackError):
    """There is no token that the service takes for this learner."""


class Problem(LearntrackError):
    """The service refused a request.

    Args:
        document: What it answered.
        retry_after: Seconds after which it may be asked again, where it said so.

    """

    def __init__(self, document: ProblemDocument, retry_after: float | None = None) -> None:
        super().__init__(document.detail or document.title)
        self.status = document.status
        self.title = document.title
        self.detail = document.detail
        self.errors = document.errors
        self.retry_after = retry_after


class InvalidFields(Problem):
    """Fields are missing or wrong (400); `errors` has the messages by field. `start` and `update` raise it themselves
    for what no service would take, and store nothing.
    """


class Forbidden(Problem):
    """The caller may not do this (403)."""


class NotFound(Problem):
    """There is no such thing, or it is not the caller's to read (404)."""


class TooLarge(Problem):
    """It is larger than the service accepts (413)."""


class Busy(Problem):
    """The service cannot answer just now (408, 409, 429, 503); `retry_after` seconds are to be waited."""


_BY_STATUS: dict[int, type[Problem]] = {
    400: InvalidFields,
    403: Forbidden,
    404: NotFound,
    408: Busy,
    409: Busy,
    413: TooLarge,
    429: Busy,
    503: Busy,
}


def problem_of(document: ProblemDocument, retry_after: float | None = None) -> Problem:
    """The exception for a problem document."""
    return _BY_STATUS.get(document.status, Problem)(document, retry_after)


def invalid(errors: dict[str, list[str]]) -> InvalidFields:
    """The refusal of fields that no service would take."""
    detail = "; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items())
    return InvalidFields(ProblemDocument(400, "Bad Request", detail, errors))
