"""Questions on a sharded cluster: what is looked up for each row says whose it is, else every shard is asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from learntrack import documents
from learntrack.storage.database import Stage

_OWNED = {each.collection() for each in documents.ALL if each.shard_key == "user_id"}


def targeted(stages: Sequence[Stage], of_owners: Mapping[str, Any]) -> list[Stage]:
    """The stages, in which each `$lookup` by one field is narrowed to these owners; as they are without any.

    Args:
        stages: What is asked.
        of_owners: The condition on `user_id`, as of `Capabilities.of_owners`.

    """
    return [_targeted(stage, of_owners) for stage in stages] if of_owners else list(stages)


def _targeted(stage: Stage, of_owners: Mapping[str, Any]) -> Stage:
    [(name, asked)] = stage.items()
    if name == "$unionWith":
        return {name: asked | {"pipeline": targeted(asked["pipeline"], of_owners)}}
    if name == "$facet":
        return {name: {branch: targeted(inner, of_owners) for branch, inner in asked.items()}}
    if name == "$lookup" and asked["from"] in _OWNED:
        return {name: asked | {"pipeline": [{"$match": dict(of_owners)}, *asked.get("pipeline", ())]}}
    return stage
