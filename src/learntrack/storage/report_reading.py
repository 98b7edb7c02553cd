"""How reports and exports are read: perhaps of other servers, and not all of them at once."""

from dataclasses import dataclass
from typing import Any, Literal

from pymongo.read_preferences import make_read_preference, read_pref_mode_from_name

from learntrack.storage.reading import Reading

Preference = Literal["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"]
"""Which servers of a replica set, or of each shard, are asked."""

_UNBOUNDED = -1


@dataclass(frozen=True, slots=True)
class ReportReading:
    """How reports and exports are read.

    Args:
        preference: Which servers are asked.
        max_staleness_seconds: How far those may be behind the primary, 90 or more (the driver's least); None for all.
        at_once: How many may be under way at once.
        long_patience: That of `Reading`, for exports.

    """

    preference: Preference = "primary"
    max_staleness_seconds: int | None = None
    at_once: int = 8
    long_patience: float = 600.0

    def of(self, client: Any, name: str, patience: float, *, leads: bool = False) -> Reading:
        """The reading of a Motor client's database of this name; what else is given is as of `Reading`."""
        mode = read_pref_mode_from_name(self.preference)
        staleness = self.max_staleness_seconds if self.preference != "primary" else None
        preference = make_read_preference(mode, None, _UNBOUNDED if staleness is None else staleness)
        return Reading(
            client.get_database(name, read_preference=preference),
            patience=patience,
            long_patience=self.long_patience,
            aggregations_at_once=self.at_once,
            staleness_seconds=staleness or 0,
            leads=leads,
        )
