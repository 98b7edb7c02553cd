"""What a request can be refused for, named after what happened; `web.problems` says how that is told over HTTP. And
what keeps a program from its work.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

Some = TypeVar("Some", bound=Exception)


class Refusal(Exception):
    """A request that is refused. Subclasses say what happened; nothing has been stored then.

    Args:
        detail: What happened, in a sentence for people; without it the class's own.

    """

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or (self.__doc__ or type(self).__name__).strip().splitlines()[0]
        super().__init__(self.detail)


class InvalidFields(Refusal):
    """The request has fields that cannot be accepted.

    Args:
        errors: The messages by field; a field inside another by its path, `interactions[2].item`.

    """

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items()))
        self.errors = dict(errors)

    def inside(self, place: str, but: Collection[str] = ()) -> "InvalidFields":
        """The same, with the fields named as they stand inside a field `place`; those of `but` stand beside it."""
        return InvalidFields(
            {field if field in but else f"{place}.{field}": messages for field, messages in self.errors.items()}
        )


class NotAssigned(InvalidFields):
    """The request names a lesson or a course that is not assigned to the caller.

    Args:
        field: The field that names it.

    """

    def __init__(self, field: str) -> None:
        super().__init__({field: ["It is not assigned to you."]})
        self.field = field


class NoSuchAttempt(InvalidFields):
    """An interaction is to go on with an attempt that its try does not have.

    Args:
        position: Which interaction, from 0.

    """

    def __init__(self, position: int) -> None:
        super().__init__({f"interactions[{position}].id": ["There is no such attempt in this try."]})


class Forbidden(Refusal):
    """You may not do this."""


class Forgotten(Forbidden):
    """What this person did is being forgotten."""


class QuizFinished(Forbidden):
    """This quiz has been submitted."""


class NotFound(Refusal):
    """There is no such thing here."""


class StartRefused(NotFound):
    """The session is not there, because its start has been refused just before.

    Args:
        why: What the start was refused for.

    """

    def __init__(self, why: str) -> None:
        super().__init__(f"The start of this session was refused. {why}")


class TooLarge(Refusal):
    """This is larger than the service accepts."""


class Conflict(Refusal):
    """This is there already."""


class StartedAlready(Conflict):
    """This session has been started already."""

    def __init__(self) -> None:
        super().__init__()
        self.errors = {"session_id": [self.detail]}


class BeingForgotten(Conflict):
    """Somebody who is sent as somebody new is being forgotten.

    Args:
        user_id: Who.
        place: Where they stand in the request.

    """

    def __init__(self, user_id: str, place: str) -> None:
        super().__init__(f"{place}: this person is being forgotten. Try again once that is done.")
        self.user_id = user_id


class StillRunning(Conflict):
    """The same request is still being answered. Try again."""


class KeyReused(Refusal):
    """This Idempotency-Key was used for another request."""


class KeysUnavailable(Refusal):
    """The keys that tokens are checked with cannot be had just now. Try again."""


class StartError(Exception):
    """The service cannot start, or a command cannot do its work, and the message says in one line what to change."""


@contextmanager
def inside(place: str, but: Collection[str] = ()) -> Iterator[None]:
    """Name the fields that are refused within as `InvalidFields.inside` does."""
    try:
        yield
    except InvalidFields as error:
        raise error.inside(place, but) from None


def field_error(field: str, message: str) -> InvalidFields:
    """The refusal of one field."""
    return InvalidFields({field: [message]})


def kept_without_frames(error: Some) -> Some:
    """An error that is kept as a value, as an answer is: it knows no more where it and its causes were raised.

    Those frames hold all that was at hand there, a group's documents and requests, and mostly the error itself: only
    the collector would free them, which counts objects, not their bytes.
    """
    each: BaseException | None = error
    seen: list[BaseException] = []
    while each is not None and not any(each is one for one in seen):  # causes may go round
        each.__traceback__ = None
        seen.append(each)
        each = each.__cause__ or each.__context__
    return error
