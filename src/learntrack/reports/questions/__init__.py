"""The questions, one JSON file each: what the columns mean, and the aggregation pipeline that answers it.

`{"$param": name}` in a pipeline stands for what is asked for (learners, period, content, summaries of both, facility,
and those of `DEFAULTS`); where nothing is asked the condition goes. A stage `{"$part": name}` stands for the stages of
`parts/name.json`, which several questions share. The scripts for mongosh in scripts/analytics read the very same files.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
from msgspec import Struct

from learntrack.storage.database import Stage

ColumnKind = Literal[
    "id",
    "user",
    "lesson",
    "quiz",
    "course",
    "unit",
    "content",
    "question",
    "text",
    "flag",
    "number",
    "seconds",
    "share",
    "date",
    "timestamp",
    "list",
]


class Column(Struct):
    """A column of an answer."""

    name: str
    kind: ColumnKind
    description: str


DEFAULTS: Mapping[str, object] = {
    "timezone": "UTC",
    "attempts": None,
    "details": False,
    "answers": 3,
    "since": None,
    "until": None,
}
"""Parameters that always have a value. `since` and `until` are the ends of `period`, for expressions."""


class Rollup(Struct):
    """Where what has been kept ready stands, and how to read it; `version` is raised with what is kept."""

    collection: str
    version: int
    pipeline: list[dict[str, Any]]


class Source(Struct):
    """A collection, and the pipeline that is run on it."""

    collection: str
    pipeline: list[dict[str, Any]]


class ReportQuestion(Struct):
    """A question: its columns, and the pipeline that answers it.

    `pipeline` and, if there is one, `then` are run on `collection`. Where no period is asked for, `ever` stands for
    both: it answers the same from less, the numbers that summaries carry. Where whole facilities and whole days are
    asked about, `days` does: from learner-days, and the sessions of days that are not among them yet. A question that
    would take too long over everything has a `rollup`, which stands for `pipeline`, and `keep`, which follows
    `pipeline` and makes what the rollup reads. Where a few learners are asked about at a few contents, `few` stands for
    `pipeline`: it finds the same by keys, as the embedded engine looks through all of a collection in a `$unionWith`.
    `options` are the parameters that not every question knows. `name` is its file's, with dashes.
    """

    title: str
    description: str
    columns: list[Column]
    collection: str
    pipeline: list[dict[str, Any]]
    few: list[dict[str, Any]] = []
    then: list[dict[str, Any]] = []
    ever: Source | None = None
    days: Source | None = None
    rollup: Rollup | None = None
    keep: list[dict[str, Any]] = []
    options: list[str] = []
    name: str = ""

    def stages(self, params: dict[str, Any], *, from_rollup: bool = False) -> list[Stage]:
        """The pipeline with what is asked for filled in."""
        source = self.few if self.few and "summaries" in params else self.pipeline
        if from_rollup and self.rollup:
            source = self.rollup.pipeline
        return filled([*source, *self.then], params)

    def source(self, params: dict[str, Any]) -> tuple[str, list[Stage]]:
        """The collection from whose documents the question is answered, and the stages."""
        if self.ever is not None and "period" not in params:
            return self.ever.collection, filled(self.ever.pipeline, params)
        return self.collection, self.stages(params)

    def rollup_stages(self, params: dict[str, Any]) -> list[Stage]:
        """The pipeline that makes what the rollup reads."""
        return filled([*self.pipeline, *self.keep], params)


_ABSENT = object()
_LEARNERS = {"$param": "learners"}


class SharedStages(Struct):
    """Stages that several questions share."""

    description: str
    stages: list[dict[str, Any]]


def filled(stages: list[dict[str, Any]], params: Mapping[str, Any]) -> list[Stage]:
    """The stages with what is asked for filled in."""
    found: list[Stage] = _filled(stages, {**DEFAULTS, **params})
    return found


def _filled(value: Any, params: dict[str, Any]) -> Any:
    if isinstance(value, list):
        # A condition on nothing is no stage: every document would pass through it, decoded as a whole.
        stages = [each for entry in value for each in _parts(entry)]
        return [found for each in stages if (found := _filled(each, params)) != {"$match": {}}]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$param"}:
        return params.get(value["$param"], _ABSENT)
    if "facility" in params and value.get("user_id") == _LEARNERS:
        # A whole facility is one value of an index, and its learners may be a thousand.
        value = {"facility_id" if key == "user_id" else key: inner for key, inner in value.items()}
        value["facility_id"] = params["facility"]
    return {key: found for key, inner in value.items() if (found := _filled(inner, params)) is not _ABSENT}


def _parts(entry: Any) -> list[Any]:
    """What an entry of a list stands for: the stages of a part, or itself."""
    if isinstance(entry, dict) and entry.keys() == {"$part"}:
        return part(entry["$part"]).stages
    return [entry]


@cache
def part(name: str) -> SharedStages:
    """The part of this name."""
    return msgspec.json.decode(files(__package__).joinpath("parts", f"{name}.json").read_bytes(), type=SharedStages)


@cache
def questions() -> dict[str, ReportQuestion]:
    """Every question by its name, with dashes (`daily-activity`)."""
    found: dict[str, ReportQuestion] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            question = msgspec.json.decode(file.read_bytes(), type=ReportQuestion)
            question.name = file.name.removesuffix(".json").replace("_", "-")
            found[question.name] = question
    return found
