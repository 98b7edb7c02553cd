"""Every setting of the service, read from the environment (prefix LEARNTRACK_) and from files that it names.

Nothing else reads the environment, but for what others read there: `web.metrics` looks where prometheus_client, which
takes it from PROMETHEUS_MULTIPROC_DIR alone, keeps the numbers of several workers; tracing's OTEL_ variables are
OpenTelemetry's own. `serving.server` writes the environment of its workers, because it is all that uvicorn hands on.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from learntrack.settings import values
from learntrack.settings.environment import PREFIX, EnvironmentAndFiles
from learntrack.settings.limits import Limits


class Settings(Limits):
    """The service's settings. Each field's description is its row in the README."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given by name wins over the environment."""
        return init_settings, EnvironmentAndFiles(settings_cls)

    host: Annotated[str, Field(description="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1"
    port: Annotated[int, Field(description="The port to listen on; 0 takes a free one.", ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(description="How many worker processes.", ge=1, le=64)] = 1

    mongodb_uri: Annotated[
        str | None,
        Field(description="The MongoDB (6.0+, replica set or sharded cluster) to use; unset: the embedded engine."),
        AfterValidator(values.mongodb_uri),
    ] = None
    mongodb_database: Annotated[
        str,
        Field(description="The database's name.", min_length=1, max_length=60, pattern=r"""^[^/\\. "$\x00]+$"""),
    ] = "learntrack"
    data_dir: Annotated[Path, Field(description="Where the embedded engine keeps its data.")] = Path("learntrack-data")
    engine: Annotated[
        Path | None,
        Field(
            description="The embedded engine's program, for example another environment's; unset: the installed one."
        ),
        AfterValidator(values.program),
    ] = None
    transaction_seconds: Annotated[
        float, Field(description="Seconds after which a write that cannot get through is answered 503.", gt=0, le=60)
    ] = 4.0
    read_seconds: Annotated[
        float,
        Field(
            description="Seconds after which a question that the database does not answer is answered 503.",
            gt=0,
            le=600,
        ),
    ] = 30.0
    shards: Annotated[
        int,
        Field(
            description=(
                "On a sharded cluster: over how many shards scripts/shard.js has spread the data. What is written "
                "together then stays on one."
            ),
            ge=1,
            le=1024,
        ),
    ] = 1
    export_seconds: Annotated[
        float,
        Field(
            description="Seconds that the database may work on one export, all of its rows together.",
            gt=0,
            le=24 * 3600,
        ),
    ] = 600.0
    database_threads: Annotated[
        int,
        Field(
            description=(
                "What a worker may have under way at the database at once, each in a thread: at the most half of it "
                "lists, a quarter reports and exports; the rest is always free for writes. Each shard but "
                "the first has one more."
            ),
            ge=8,
            le=512,
        ),
    ] = 32
    reports_read_preference: Annotated[
        Literal["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"],
        Field(
            description=(
                "Which members of a replica set answer reports and exports. All else is asked of the primary, whatever "
                "the URI says."
            )
        ),
    ] = "primary"
    reports_max_staleness_seconds: Annotated[
        int,
        Field(description="How many seconds such a member may be behind the primary.", ge=90, le=24 * 3600),
    ] = 120
    watched_disk: Annotated[
        Path | None,
        Field(
            description="On a MongoDB: writes are 503 while this folder's disk is nearly full. The embedded engine's "
            "is that of its data, always."
        ),
        AfterValidator(values.folder),
    ] = None

    jwt_secret: Annotated[
        SecretStr | None,
        Field(
            description=(
                "The secret of HS256 tokens. Unset on the embedded engine: a random one is made and kept in the "
                "data folder."
            )
        ),
        AfterValidator(values.long_secret),
    ] = None
    jwt_previous_secret: Annotated[
        SecretStr | None,
        Field(description="The secret before this one: tokens signed with it are taken too, while it is replaced."),
        AfterValidator(values.long_secret),
    ] = None
    jwt_public_key: Annotated[
        str | None,
        Field(description="The public key (PEM) of RS256 or ES256 tokens, instead of a secret."),
        AfterValidator(values.public_key),
    ] = None
    jwks_url: Annotated[
        str | None,
        Field(description="Where the public keys of RS256 or ES256 tokens are, instead of a secret."),
        AfterValidator(values.http_address),
    ] = None
    jwt_issuer: Annotated[str | None, Field(description="The `iss` that tokens must have; unset: not checked.")] = None
    jwt_audience: Annotated[str | None, Field(description="The `aud` that tokens must have; unset: not checked.")] = (
        None
    )

    oidc_issuer: Annotated[
        str | None,
        Field(description="The OpenID Connect provider with which people sign in to the pages; unset: by token only."),
    ] = None
    oidc_client_id: Annotated[str | None, Field(description="What learntrack is called there.")] = None
    oidc_client_secret: Annotated[
        SecretStr | None, Field(description="Its secret there; unset: a public client, by PKCE alone.")
    ] = None
    oidc_user_claim: Annotated[
        str, Field(description="The claim that is the user's id here, a UUID.", min_length=1)
    ] = "sub"
    oidc_scope: Annotated[
        str,
        Field(
            description="What is asked for there: `openid`, and what the claim needs.",
            pattern=r"^(.* )?openid( .*)?$",
        ),
    ] = "openid"
    public_url: Annotated[
        str | None,
        Field(
            description="Where browsers reach the service (`https://learntrack.example`): where a provider sends them "
            "back to. Unset: the name under which each asks."
        ),
        AfterValidator(values.origin),
    ] = None

    rollup_seconds: Annotated[
        float,
        Field(
            description=(
                "Seconds after which one process of all looks again for what is to be derived anew for reports; "
                "0: this process never does."
            ),
            ge=0,
            le=3600,
        ),
    ] = 4.0
    idempotency_hours: Annotated[
        float,
        Field(
            description=(
                "Hours for which an Idempotency-Key is remembered; "
                "an update's from a queue LEARNTRACK_MAX_OCCURRED_DAYS longer."
            ),
            ge=24,
            le=24 * 365,
        ),
    ] = 48.0
    max_occurred_days: Annotated[
        float,
        Field(description="How many days ago an item of an offline client's queue may have occurred.", gt=0, le=3650),
    ] = 30.0

    retain_sessions_months: Annotated[
        int | None,
        Field(description="Months after which `learntrack retain` lets visits fade; unset: never.", ge=2),
    ] = None
    retain_attempts_months: Annotated[
        int | None,
        Field(description="Months after which `learntrack retain` lets attempts fade; unset: never.", ge=2),
    ] = None
    retain_answers_months: Annotated[
        int | None,
        Field(description="Months after which `learntrack retain` lets what was answered fade; unset: never.", ge=2),
    ] = None
    retain_interactions_months: Annotated[
        int | None,
        Field(
            description="Months after which `learntrack retain` lets attempts' histories fade; unset: never.",
            ge=2,
        ),
    ] = None

    trusted_proxies: Annotated[
        str,
        Field(
            description=(
                "Addresses or networks of proxies, comma-separated, whose X-Forwarded-For and -Proto are "
                "believed; * for all."
            )
        ),
        AfterValidator(values.networks),
    ] = ""
    cors_origins: Annotated[
        str,
        Field(description="Origins, comma-separated, whose pages may call the API; unset: none but the service's own."),
        AfterValidator(values.origins),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(
            description=(
                "From which level on logs are written (JSON lines on stderr); info has a line for every request."
            )
        ),
    ] = "warning"
    metrics_token: Annotated[
        SecretStr | None,
        Field(description="The token with which /metrics is to be asked for (`Authorization: Bearer …`); unset: none."),
        AfterValidator(values.long_secret),
    ] = None
    tracing: Annotated[
        bool,
        Field(
            description=(
                "Send OpenTelemetry traces (needs `learntrack[tracing]`; where to is set by the usual OTEL_ variables)."
            )
        ),
    ] = False
