"""Examples in the API's description: one learner's visit of one exercise, and what a coach sees of it.

Each stands beside its shape, in the capability's schemas; here is only whom and what they are about.
"""

from typing import Any

from litestar.openapi.spec import Example

NODE = "a77647df2b575e67b3cecf3701aed13d"
CONTENT = "4c796e62e07e589eb931961dd0b3db4c"
CHANNEL = "ea7aecb4e8f05933a92f26f532db9fde"
FACILITY = "aaf266cf97965d0ef1afe32dcf18d74d"
CLASSROOM = "e67073f3db068b3a64aa8545acc4122e"
LEARNER = "d3d31b2d75007eb0f60a0d6eafd6acbe"
SESSION = "0a4f4b8f0d9b4c57a3a0a1c2d3e4f506"
TRY = "6f1ed002ab5595859014ebf0951522d9"
ATTEMPT = "9a2388290f2156c4b7b316538557bbab"
CRITERION = {"type": "m_of_n", "m": 3, "n": 5}


class ExactExample(Example):
    """An example that is shown as it is; of its own accord Litestar leaves out what is null."""

    def to_schema(self) -> dict[str, Any]:
        """The example in the description."""
        return super().to_schema() | {"value": self.value}


def example(value: Any) -> list[Example]:
    """An example for the API's description."""
    return [ExactExample(summary="Example", value=value)]


def page_example(row: Any) -> dict[str, Any]:
    """A page of one row."""
    return {"page": 1, "count": 1, "total_pages": 1, "results": [row]}
