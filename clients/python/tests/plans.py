"""The cases that both clients are held to."""

import json
from pathlib import Path
from typing import Any

PLAN = Path(__file__).parents[2] / "plan"


def cases(name: str) -> dict[str, Any]:
    """The cases of a file of the plan, by their names."""
    return {case["name"]: case for case in json.loads((PLAN / f"{name}.json").read_text())}


def grown(case: Any) -> dict[str, Any]:
    """The update of a case that is too large to stand in its file."""
    nested: dict[str, Any] = {}
    for _ in range(case.get("levels", 1) - 1):
        nested = {"a": nested}
    free = nested | ({"v": [0] * case["values"]} if "values" in case else {})
    free |= {"t": "x" * case["bytes"]} if "bytes" in case else {}
    if case["field"] == "extra_fields":
        return {"extra_fields": free}
    text = {case["field"]: "x" * case["characters"]} if "characters" in case else {}
    one = {"item": "a", "correct": 1, "time_spent": 1, "answer": free, **text}
    return {"interactions": [one] * case.get("count", 1)}
