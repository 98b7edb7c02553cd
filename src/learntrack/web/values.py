"""How ids, numbers and texts are read and shown, in every shape of the API."""

from typing import Annotated

from msgspec import Meta

from learntrack.domain.moments import LONGEST_SECONDS

Id = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$",
        description="A UUID, with or without dashes.",
        examples=["4c796e62e07e589eb931961dd0b3db4c"],
    ),
]
OutId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", description="A UUID as 32 lowercase hex digits.")]
Fraction = Annotated[float, Meta(ge=0, le=1)]
PlainText = Annotated[str, Meta(max_length=10_000)]
SmallInt = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_SECONDS)]
