"""An import's report for a person at a terminal."""

from rich.console import Console
from rich.table import Table

from learntrack.importing.report import OUTCOMES, ImportReport

_CAPTION = (
    "Whether something is new is told of sessions, summaries and tries; of the roster and of attempts what was read."
)


def show(report: ImportReport, console: Console, *, dry_run: bool) -> None:
    """Print what was imported, and what was skipped and why."""
    table = Table("", *OUTCOMES, title="Would be imported" if dry_run else "Imported", caption=_CAPTION)
    for kind, counts in report.counts.items():
        table.add_row(kind.replace("_", " "), *(str(counts[outcome] or "") for outcome in OUTCOMES))
    console.print(table)
    if report.reasons:
        reasons = Table("kind", "reason", "records", "for example", title="Skipped or odd")
        for (kind, reason), many in report.reasons.most_common():
            reasons.add_row(kind.replace("_", " "), reason, str(many), ", ".join(report.examples[kind, reason]))
        console.print(reasons)
