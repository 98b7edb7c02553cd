"""What an import did: counts by kind, and what was skipped and why."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from threading import Lock
from typing import IO

_EXAMPLES = 5

OUTCOMES = ("read", "new", "updated", "unchanged", "skipped")


@dataclass(slots=True, frozen=True)
class Told:
    """What a report knows, as it is handed from one process to another; `log` has its lines of skipped records."""

    counts: Mapping[str, Counter[str]]
    reasons: Counter[tuple[str, str]]
    examples: Mapping[tuple[str, str], list[str]]
    log: str


@dataclass(slots=True)
class ImportReport:
    """Counts by kind (`content_sessions`, `attempts`, `users` …) and outcome, and the reasons for what was skipped.

    It may be told from several threads.

    Args:
        log: Where every skipped record is written, a JSON object a line; without it only a few of each reason are kept.

    """

    log: IO[str] | None = None
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False, compare=False)

    def count(self, kind: str, outcome: str, many: int = 1) -> None:
        """Count records."""
        with self._one_at_a_time:
            self.counts[kind][outcome] += many

    def hand_over(self) -> Told:
        """What it knows, to be handed to another report; from now on it knows nothing of that any more."""
        fresh = ImportReport(StringIO() if isinstance(self.log, StringIO) else None)
        with self._one_at_a_time:
            log = self.log.getvalue() if isinstance(self.log, StringIO) else ""
            told = Told(dict(self.counts), self.reasons, dict(self.examples), log)
            self.counts, self.reasons, self.examples, self.log = fresh.counts, fresh.reasons, fresh.examples, fresh.log
        return told

    def take_in(self, told: Told) -> None:
        """Add what another report knows."""
        with self._one_at_a_time:
            for kind, counts in told.counts.items():
                self.counts[kind].update(counts)
            self.reasons.update(told.reasons)
            for reason, examples in told.examples.items():
                room = max(0, _EXAMPLES - len(self.examples[reason]))
                self.examples[reason] += examples[:room]
            if self.log is not None:
                self.log.write(told.log)

    def skip(self, kind: str, record: object, reason: str) -> None:
        """Note that a record is left out."""
        self.count(kind, "skipped")
        self.note(kind, record, reason)

    def note(self, kind: str, record: object, reason: str) -> None:
        """Note what is odd about a record."""
        with self._one_at_a_time:
            self.reasons[kind, reason] += 1
            if len(self.examples[kind, reason]) < _EXAMPLES:
                self.examples[kind, reason].append(str(record))
            if self.log is not None:
                self.log.write(json.dumps({"kind": kind, "id": str(record), "reason": reason}) + "\n")
