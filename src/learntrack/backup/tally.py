"""Whether two collections are the same, in whatever order their documents come."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

_LIMIT = 2**256


@dataclass
class Tally:
    """How many documents there are, and a digest of them.

    The digest is the sum of the documents' SHA-256, because engines do not tell documents in the same order, and
    sorting them takes an engine's memory.
    """

    count: int = 0
    total: int = field(default=0, repr=False)

    def add(self, documents: Iterable[bytes]) -> None:
        """Count documents (BSON)."""
        for document in documents:
            self.count += 1
            self.total = (self.total + int.from_bytes(sha256(document).digest(), "big")) % _LIMIT

    @property
    def digest(self) -> str:
        """The digest, 64 hex digits."""
        return f"{self.total:064x}"

    @classmethod
    def of(cls, count: int, digest: str) -> "Tally":
        """The tally that was written down so."""
        return cls(count, int(digest, 16))


Tallies = dict[str, Tally]
"""By the collection's name."""


def differing(one: Tallies, other: Tallies) -> list[str]:
    """The collections that are not the same; one that is not there is the same as an empty one."""
    return [name for name in sorted(one | other) if one.get(name, Tally()) != other.get(name, Tally())]
