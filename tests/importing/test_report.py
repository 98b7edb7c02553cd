"""What an import says that it did."""

import io
import json

from rich.console import Console

from learntrack.importing.presentation import show
from learntrack.importing.report import ImportReport


def report() -> ImportReport:
    log = io.StringIO()
    made = ImportReport(log=log)
    made.count("users", "read", 8)
    for number in range(7):
        made.skip("users", number, "was deleted")
    made.note("users", "x", "has no name")
    return made


def test_every_reason_is_counted_with_a_few_examples() -> None:
    made = report()

    assert made.counts["users"] == {"read": 8, "skipped": 7}  # what is odd is not left out
    assert made.reasons == {("users", "was deleted"): 7, ("users", "has no name"): 1}
    assert made.examples["users", "was deleted"] == ["0", "1", "2", "3", "4"]


def test_the_log_has_every_record() -> None:
    log = report().log
    assert isinstance(log, io.StringIO)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert lines[0] == {"kind": "users", "id": "0", "reason": "was deleted"}
    assert len(lines) == 8


def test_a_terminal_is_shown_what_it_did_or_would_do() -> None:
    for dry_run, title in ((True, "Would be imported"), (False, "Imported")):
        console = Console(file=io.StringIO(), width=100)
        show(report(), console, dry_run=dry_run)
        said = console.file.getvalue()  # type: ignore[attr-defined]
        assert said.split("\n")[0].strip() == title
        assert "of attempts what was read" in " ".join(said.split())
        assert said.index("was deleted") < said.index("has no name")  # what happened most comes first
