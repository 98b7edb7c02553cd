"""Making pages of templates: in the reader's language, and in parts of which only those that have changed are sent."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cache
from hashlib import blake2s
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from markupsafe import Markup, escape

from learntrack.domain.shares import per_cent
from learntrack.pages import charts
from learntrack.pages.assets import asset
from learntrack.pages.languages import COOKIE, LANGUAGES, catalogue, chosen, locale_of
from learntrack.pages.words import Words

HAVE = "Learntrack-Have"
"""Request header: the versions of the parts that an open page has, so that it is sent the others alone."""
AnyRequest = Request[Any, Any, Any]


class Fragment(msgspec.Struct):
    """A part of a page by its id in it, with the version that it is of."""

    id: str
    html: str


class Update(msgspec.Struct):
    """What has changed on an open page."""

    fragments: list[Fragment]
    order: str
    time: str


class Fragments:
    """Collects the parts of one page while its template is being rendered."""

    def __init__(self) -> None:
        self.found: dict[str, Fragment] = {}

    def __call__(self, id: str, tag: str = "section", caller: Callable[[], str] | None = None, **more: str) -> Markup:
        """A part: an element with an id and a version, which is what it says in short."""
        assert caller is not None
        inner = caller()
        attributes = "".join(
            f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in more.items() if value != ""
        )
        version = blake2s(f"{id}{attributes}{inner}".encode(), digest_size=4).hexdigest()
        html = f'<{tag} id="{id}" data-v="{version}"{attributes}>{inner}</{tag}>'
        self.found[version] = Fragment(id, html)
        return Markup(html)  # noqa: S704 - rendered by the template


@cache
def environment(language: str) -> Environment:
    """The templates in a language."""
    made = Environment(
        loader=PackageLoader("learntrack.pages"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    texts = catalogue(language)
    made.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"asset": asset, "charts": charts, "per_cent": per_cent}
    made.globals["languages"] = {each: _own_name(each) for each in LANGUAGES}
    return made


def _own_name(language: str) -> str:
    """What a language calls itself."""
    name = locale_of(language).get_language_name(language) or language
    return name[:1].upper() + name[1:]


def words_for(request: AnyRequest, zone: tzinfo = UTC) -> Words:
    """In which language whoever asks is spoken to, by the calendar of a class."""
    language = chosen(request.cookies.get(COOKIE), request.headers.get("accept-language", ""))
    return Words(language, locale_of(language), catalogue(language), zone, datetime.now(UTC))


def render(request: AnyRequest, template: str, words: Words, status: int = 200, **values: Any) -> Response[Any]:
    """A page; or, where one is open already, those of its parts that it has not got."""
    fragments = Fragments()
    context = {"viewer": None, "room": None, "order": "", "last": None} | values
    html = (
        environment(words.language)
        .get_template(template)
        .render(words=words, part=fragments, path=_path(request), **context)
    )
    have = request.headers.get(HAVE)
    if have is None or status != 200:
        headers = {"Content-Language": words.language, "Vary": "Accept-Language, Cookie"}
        return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)
    known = set(have.split(","))
    changed = [part for version, part in fragments.found.items() if version not in known]
    time = words.clock(context["last"]) if context["last"] is not None else ""
    return Response(Update(changed, str(context["order"]), time), media_type=MediaType.JSON)


def _path(request: AnyRequest) -> str:
    """The address of the page, to come back to it."""
    query = request.scope["query_string"].decode(errors="replace")
    return request.scope["path"] + (f"?{query}" if query else "")
