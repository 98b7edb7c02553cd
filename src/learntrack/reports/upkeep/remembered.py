"""What is remembered of what has been counted: some megabytes, and of what was asked for last."""

from learntrack.reports.upkeep.item_sums import ItemSums
from learntrack.reports.upkeep.item_tries import FacilityContent

MOST = 8 * 2**20
"""Bytes of all that is remembered."""


class Remembered:
    """Sums by facility and content. Who goes on with some takes them out, and keeps them again when all is well: what
    goes wrong meanwhile leaves none behind that are half counted.

    Args:
        most: How many bytes they take together at the most.

    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.size = 0
        self._sums: dict[FacilityContent, ItemSums] = {}

    def take(self, place: FacilityContent) -> ItemSums | None:
        """Take the sums of a facility's learners at a content out; None where there are none."""
        sums = self._sums.pop(place, None)
        if sums is not None:
            self.size -= sums.size
        return sums

    def keep(self, place: FacilityContent, sums: ItemSums) -> None:
        """Remember them, as far as there is room; those that were kept longest ago go."""
        self.take(place)
        if not sums.remembers or sums.size > self.most:
            return
        self._sums[place] = sums
        self.size += sums.size
        while self.size > self.most:
            self.take(next(iter(self._sums)))

    def forget(self) -> None:
        """Forget all."""
        self._sums.clear()
        self.size = 0
