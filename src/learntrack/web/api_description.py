"""The API's description: OpenAPI 3.1 at /schema/openapi.json and a page to browse it that needs no internet access."""

from pathlib import Path

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

from learntrack import __version__
from learntrack.web.headers import API_PAGE, with_policy
from learntrack.web.metrics import UNCOUNTED

_ASSETS = "/schema-assets"
_SWAGGER_UI = Path(__file__).parent / "swagger_ui"
"""npm's swagger-ui-dist, the files that the page loads (scripts/vendor-swagger-ui fetches them)."""


def assets() -> Router:
    """What the page loads, served from here: many schools are offline."""
    return create_static_files_router(
        path=_ASSETS,
        directories=[_SWAGGER_UI],
        include_in_schema=False,
        opt=with_policy(API_PAGE) | UNCOUNTED,
    )


def openapi_config() -> OpenAPIConfig:
    """How the API describes itself."""
    page = SwaggerRenderPlugin(
        path="/",
        js_url=f"{_ASSETS}/swagger-ui-bundle.js",
        css_url=f"{_ASSETS}/swagger-ui.css",
        standalone_preset_js_url=f"{_ASSETS}/swagger-ui-standalone-preset.js",
        favicon=f"<link rel='icon' type='image/png' href='{_ASSETS}/favicon-32x32.png'>",
    )
    return OpenAPIConfig(
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
