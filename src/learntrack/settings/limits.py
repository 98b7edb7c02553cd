"""How much and how fast callers may send: the settings that protect the service from them."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class Limits(BaseSettings):
    """What one request, one caller and one connection may take."""

    max_body_bytes: Annotated[
        int, Field(description="The largest request body, in bytes; a larger one is 413.", ge=1024)
    ] = 5 * 1024 * 1024
    max_anonymous_body_bytes: Annotated[
        int, Field(description="The largest body of a caller who is not signed in, in bytes.", ge=1024)
    ] = 1024 * 1024
    max_batch_bytes: Annotated[
        int, Field(description="The largest body of an offline client's queue, in bytes.", ge=1024)
    ] = 16 * 1024 * 1024
    max_roster_bytes: Annotated[int, Field(description="The largest body of PUT /api/roster, in bytes.", ge=1024)] = (
        16 * 1024 * 1024
    )
    max_bodies_bytes: Annotated[
        int,
        Field(
            description="How many bytes of bodies above 64 KiB a worker holds at once, one caller a quarter of them; "
            "others wait for up to 15 s, then they are 503.",
            ge=1024 * 1024,
        ),
    ] = 128 * 1024 * 1024
    max_unread_bytes: Annotated[
        int,
        Field(
            description="How many bytes of answers, beyond what the network has taken, wait in a worker for who does "
            "not read; beyond, connections of who has most of them are closed.",
            ge=1024 * 1024,
        ),
    ] = 64 * 1024 * 1024
    max_roster_records: Annotated[
        int, Field(description="The most records in one PUT /api/roster; more are 413.", ge=1, le=10_000)
    ] = 10_000
    max_json_depth: Annotated[
        int, Field(description="How deeply `answer` and `extra_fields` may be nested; deeper is 400.", ge=4, le=90)
    ] = 90
    max_json_objects: Annotated[
        int,
        Field(
            description="The most lists and objects in one body, or item of a queue; more are 413.",
            ge=1000,
            le=1_000_000,
        ),
    ] = 100_000
    max_json_values: Annotated[
        int,
        Field(
            description="The most values in one body, or item of a queue; more are 413. Numbers in a list take up to "
            "twice as many bytes where they are stored, and the database does nothing else meanwhile.",
            ge=1000,
            le=1_000_000,
        ),
    ] = 100_000
    max_interactions: Annotated[int, Field(description="The most interactions in one update; more are 400.", ge=1)] = (
        1000
    )
    max_attempt_interactions: Annotated[
        int, Field(description="The most interactions in the history of one attempt; one more is 413.", ge=1, le=5000)
    ] = 1000
    max_attempt_bytes: Annotated[
        int,
        Field(
            description="The largest attempt, its history included, in bytes of JSON; a larger one is 413.",
            ge=4096,
            le=1024 * 1024,
        ),
    ] = 1024 * 1024
    max_extra_fields_bytes: Annotated[
        int,
        Field(description="The largest extra_fields, in bytes of JSON; larger is 413.", ge=1024, le=4 * 1024 * 1024),
    ] = 4 * 1024 * 1024

    request_seconds: Annotated[
        float, Field(description="Seconds within which an answer must begin; else 503.", gt=0, le=600)
    ] = 60.0
    body_seconds: Annotated[
        float,
        Field(
            description=(
                "Seconds within which a body must have arrived: one of up to 64 KiB from its head on, a larger one "
                "once it is asked for; else 408."
            ),
            gt=0,
            le=600,
        ),
    ] = 30.0
    max_head_bytes: Annotated[
        int, Field(description="The largest request line and headers together, in bytes; larger is 431.", ge=4096)
    ] = 64 * 1024
    head_seconds: Annotated[
        float,
        Field(description="Seconds within which they must have arrived, once a connection is open.", gt=0, le=600),
    ] = 10.0
    keep_alive_seconds: Annotated[
        int, Field(description="Seconds after which a connection without another request is closed.", ge=1, le=600)
    ] = 5
    max_connections: Annotated[
        int,
        Field(
            description=(
                "The most connections of a worker; one more closes the longest idle one. "
                "0: three quarters of the files that it may open, 8192 at the most."
            ),
            ge=0,
        ),
    ] = 0
    max_connections_per_address: Annotated[
        int,
        Field(
            description="How many of them from one address, or IPv6 network (/64); a school may be one. 0: all.", ge=0
        ),
    ] = 0
    max_open_pages: Annotated[
        int,
        Field(description="How many open pages of a worker hear at once of what changes; one more is told 429.", ge=1),
    ] = 1000
    max_open_pages_per_person: Annotated[
        int, Field(description="How many of them of one person; the others ask every 15 s.", ge=1)
    ] = 20
    rate_limit_anonymous: Annotated[
        int,
        Field(
            description=(
                "Requests a minute from one address, or IPv6 network (/64), without a valid token, per worker; "
                "more are 429. 0: no limit."
            ),
            ge=0,
        ),
    ] = 3000
    rate_limit_signed_in: Annotated[
        int, Field(description="Requests a minute of one signed-in user, per worker; more are 429. 0: no limit.", ge=0)
    ] = 0
