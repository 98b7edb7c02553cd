"""The API's description: OpenAPI 3.1 at /schema/openapi.json and a page to browse it that needs no internet access."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    License,
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Schema,
    SecurityScheme,
    Tag,
)

from learntrack import __version__
from learntrack.web.described_shapes import described
from learntrack.web.files import files_router
from learntrack.web.headers import API_PAGE, with_policy
from learntrack.web.metrics import UNCOUNTED

_ASSETS = "/schema-assets"
_SWAGGER_UI = Path(__file__).parent / "swagger_ui"
"""npm's swagger-ui-dist, the files that the page loads (scripts/vendor-swagger-ui fetches them)."""


def assets() -> Router:
    """What the page loads, served from here: many schools are offline."""
    return files_router(_ASSETS, _SWAGGER_UI, API_PAGE, **UNCOUNTED)


class Description(OpenAPI):
    """The API's description, whose shapes are described by msgspec (see `described_shapes`)."""

    def to_schema(self) -> dict[str, Any]:
        """The document."""
        document = super().to_schema()
        made: dict[str, Any] = document["components"]["schemas"]
        shapes = described(made)
        schemas = {name: schema | {"title": name} for name, schema in (made | shapes).items()}
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        for operations in document["paths"].values():
            for operation in operations.values():
                for parameter in operation.get("parameters", ()):
                    _settle(parameter)
                operation["responses"] = _any_of(operation["responses"])
        return document


def _any_of(answers: dict[str, Any]) -> dict[str, Any]:
    """Answers that may be of several shapes: of any of them, since some are alike (a lesson, a course)."""
    for answer in answers.values():
        for content in answer.get("content", {}).values():
            if alternatives := content["schema"].pop("oneOf", None):
                content["schema"]["anyOf"] = alternatives
    return answers


def _settle(parameter: dict[str, Any]) -> None:
    """Say of a parameter what can be sent: an address, a header or a cookie has no null."""
    schema = parameter["schema"]
    for alternative in schema.pop("oneOf", ()):
        if alternative != {"type": "null"}:
            schema.update({key: value for key, value in alternative.items() if key not in schema})
    for default in ("deprecated", "allowEmptyValue", "allowReserved"):
        if parameter.get(default) is False:
            del parameter[default]


class DescriptionConfig(OpenAPIConfig):
    """How the API describes itself: as a `Description`."""

    def to_openapi_schema(self) -> OpenAPI:
        """The description before routes are in it."""
        plain = super().to_openapi_schema()
        return Description(**{field.name: getattr(plain, field.name) for field in fields(plain) if field.init})


def required(*names: str) -> type[Operation]:
    """The `operation_class` of a route that cannot do without these query parameters, though it sees to them itself,
    so that their absence is told as everything else that is wrong.
    """

    @dataclass
    class Requiring(Operation):
        def __post_init__(self) -> None:
            for parameter in self.parameters or ():
                if isinstance(parameter, Parameter) and parameter.name in names:
                    parameter.required = True

    return Requiring


def also_as(media_type: str, text: str) -> type[Operation]:
    """The `operation_class` of a route whose answer may also be a text of this kind; `text` is an example."""

    @dataclass
    class AlsoAs(Operation):
        def __post_init__(self) -> None:
            answer = (self.responses or {})["200"]
            assert isinstance(answer, OpenAPIResponse)
            assert answer.content is not None
            answer.content[media_type] = OpenAPIMediaType(
                schema=Schema(type=OpenAPIType.STRING), examples={"example": Example(summary="Example", value=text)}
            )

    return AlsoAs


_TAGS = {
    "Progress": "Recording what learners do.",
    "Logs": "Tries and attempts, and how they differ.",
    "Reports": "Questions about classes, and exports.",
    "Roster": "People, classes and assignments.",
    "Privacy": "What is stored about a person.",
    "Operations": "Whether the service is well.",
}


def openapi_config() -> OpenAPIConfig:
    """How the API describes itself."""
    page = SwaggerRenderPlugin(
        path="/",
        js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        css_url=f"{_ASSETS}/swagger-ui.css",
        standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
        favicon=f"<link rel='icon' type='image/png' href='{_ASSETS}/favicon-32x32.png'>",
    )
    return DescriptionConfig(
        license=License(name="MIT", identifier="MIT"),
        tags=[Tag(name, description=description) for name, description in _TAGS.items()],
        title="learntrack",
        version=__version__,
        description=(
            "Records how learners use content and answers their coaches' questions; speaks Kolibri's "
            "progress-tracking API."
        ),
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="No token at all is an anonymous caller.",
                )
            }
        ),
        security=[{"token": []}, {}],
        openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, opt=with_policy(API_PAGE)),
        use_handler_docstrings=True,
        render_plugins=[page, JsonRenderPlugin(), YamlRenderPlugin()],
    )
