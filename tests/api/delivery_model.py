"""A model in memory of what must be stored of starts and updates, however they are delivered."""

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from tests.support import new_id

CONTENTS = {"video": new_id(), "exercise": new_id(), "quiz": new_id()}


MODELS = {"exercise": {"type": "num_correct_in_a_row_3"}, "quiz": {"type": "quiz"}}


@dataclass
class Try:
    """What a try must have: `attempts` are (item, correct, interactions), by id."""

    end: datetime
    complete: bool = False
    time_spent: float = 0.0
    attempts: dict[str, list[Any]] = field(default_factory=dict)


@dataclass
class Content:
    """What a learner must have of a content."""

    progress: float = 0.0
    time_spent: float = 0.0
    tries: list[Try] = field(default_factory=list)


@dataclass
class Visit:
    """What a session must have."""

    content: str
    current: Try | None
    time_spent: float = 0.0
    progress: float = 0.0


class Model:
    """The contract's rules, as short as they can be said."""

    def __init__(self) -> None:
        self.contents = {name: Content() for name in CONTENTS}
        self.visits: dict[str, Visit] = {}

    def start(self, session: str, name: str, repeat: bool, at: datetime) -> None:
        content = self.contents[name]
        current = None
        if name != "video":
            current = min(content.tries, key=lambda each: (each.complete, -each.end.timestamp()), default=None)
            if current is None or (current.complete and repeat):
                current = Try(at)
                content.tries.append(current)
        if repeat:
            content.progress = 0.0
        self.visits[session] = Visit(name, current)

    def update(self, session: str, body: dict[str, Any], answer: dict[str, Any], at: datetime) -> None:
        visit = self.visits[session]
        content, seconds = self.contents[visit.content], body.get("time_spent_delta", 0.0)
        for each in (visit, content):
            each.time_spent += seconds
            if "progress_delta" in body:
                each.progress = min(1.0, ceil((each.progress + body["progress_delta"]) * 1000) / 1000)
        assert answer["complete"] == (content.progress == 1)
        if visit.current is not None:
            finishes = content.progress == 1 and not visit.current.complete
            visit.current.time_spent += seconds
            visit.current.complete |= finishes
            visit.current.end = max(visit.current.end, at) if seconds or finishes else visit.current.end
        holder = visit.current or Try(at)
        for number, sent in enumerate(body["interactions"]):
            shown = answer["attempts"][number]
            attempt = holder.attempts.setdefault(shown["id"], [sent["item"], sent["correct"], 0])
            assert (attempt[2] > 0) == ("id" in sent)
            attempt[2] += 1
