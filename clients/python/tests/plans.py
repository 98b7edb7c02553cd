"""The cases that both clients are held to."""

import json
from pathlib import Path
from typing import Any

PLAN = Path(__file__).parents[2] / "plan"


def cases(name: str) -> dict[str, Any]:
    """The cases of a file of the plan, by their names."""
    return {case["name"]: case for case in json.loads((PLAN / f"{name}.json").read_text())}
