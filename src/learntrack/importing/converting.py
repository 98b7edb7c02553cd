"""From the rows of a Kolibri to what is stored of them, batch by batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from learntrack.importing.dividing import Converted, batches
from learntrack.importing.kolibri.learners import converted
from learntrack.importing.kolibri.logs import Circumstances
from learntrack.importing.kolibri.source import Kolibri, LearnerRows
from learntrack.importing.kolibri.sql import EVERYBODY, Share
from learntrack.importing.prepared import PreparedBatch, prepared
from learntrack.importing.report import ImportReport, Told


@dataclass(slots=True, frozen=True)
class Made:
    """A batch and what was noticed while it was made; without a batch a share is at its end."""

    batch: PreparedBatch | None
    told: Told


@dataclass(slots=True, frozen=True)
class Conversion:
    """What becomes of the logs in a Kolibri.

    Args:
        at: When the import began.
        facilities: The learners that are imported, and in which facility each is.

    """

    at: datetime
    facilities: Mapping[str, str]

    def everything(self, source: Kolibri, report: ImportReport) -> Iterator[PreparedBatch]:
        """All of them."""
        yield from self.share(source, EVERYBODY, report)
        yield from self.share(source, None, report)

    def share(self, source: Kolibri, share: Share | None, report: ImportReport) -> Iterator[PreparedBatch]:
        """Those of a share of the learners; None: the anonymous ones."""
        for batch in batches(self._learners(source, share, report)):
            yield prepared(batch, self.facilities)

    def made(self, source: Kolibri, share: Share | None, *, tells_all: bool) -> Iterator[Made]:
        """The same with what is noticed; with `tells_all`, every skipped record is named."""
        report = ImportReport(StringIO() if tells_all else None)
        for batch in self.share(source, share, report):
            yield Made(batch, report.hand_over())
        yield Made(None, report.hand_over())

    def _learners(
        self, source: Kolibri, share: Share | None, report: ImportReport
    ) -> Iterator[tuple[int, list[Converted]]]:
        circumstances = Circumstances(at=self.at, moves_ends_of_tries=source.moves_ends_of_tries)
        for rows in source.anonymous() if share is None else self._known(source.learners(share), report):
            yield len(rows), converted(rows, report, circumstances)

    def _known(self, learners: Iterator[LearnerRows], report: ImportReport) -> Iterator[LearnerRows]:
        for rows in learners:
            if rows.user_id in self.facilities:
                yield rows
            else:
                report.skip("learners", rows.user_id, "has logs, but is no user that is imported")
