"""Refusals as pages: what is so, why perhaps, and where to go."""

from typing import Any

from litestar import MediaType, Response

from learntrack.errors import InvalidFields, Refusal
from learntrack.pages import signing_in
from learntrack.pages.rendering import HAVE, AnyRequest, render, words_for
from learntrack.pages.signing_in import NotSignedIn
from learntrack.pages.words import Words
from learntrack.storage import DatabaseUnavailable
from learntrack.web.problems import status_of


def problem_page(request: AnyRequest, refusal: Refusal) -> Response[Any]:
    """A refusal as a page."""
    words = words_for(request)
    title, detail = _told(refusal, words)
    return render(request, "problem.html", words, status=status_of(refusal), title=title, detail=detail)


def too_busy(request: AnyRequest, _: DatabaseUnavailable) -> Response[Any]:
    """What is told when the database does not answer."""
    words = words_for(request)
    return render(
        request,
        "problem.html",
        words,
        status=503,
        title=words.say("This takes longer than usual"),
        detail=words.say("Try again in a moment; nothing is lost."),
    )


def to_sign_in(request: AnyRequest, __: NotSignedIn) -> Response[Any]:
    """Whoever is not signed in goes to the sign-in page; a page that is open already says so itself."""
    if request.headers.get(HAVE) is not None:
        return Response(b"", media_type=MediaType.TEXT, status_code=401, headers={"WWW-Authenticate": "Bearer"})
    return signing_in.signed_out()


def _told(refusal: Refusal, words: Words) -> tuple[str, str]:
    if isinstance(refusal, InvalidFields):
        return words.say("This address does not work"), words.say("A date in it is none: it must look like 2026-11-25.")
    status = status_of(refusal)
    if status == 404:
        titles = {
            "There is no such class.": words.say("There is no such class"),
            "There is no such learner.": words.say("There is no such learner"),
            "There is no such lesson.": words.say("There is no such lesson"),
        }
        title = titles.get(refusal.detail, words.say("There is no such page"))
        return title, words.say("Perhaps it was removed, or you are no longer its coach.")
    if status == 403:
        return words.say("This was sent by another site"), words.say("Nothing has been changed.")
    return words.say("This takes longer than usual"), words.say("Try again in a moment; nothing is lost.")
