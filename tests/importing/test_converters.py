"""Processes that convert make what a thread makes, tell what they notice, and never end without being heard."""

import io
import os
import signal
import sqlite3
import sys
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from learntrack.errors import StartError
from learntrack.importing import converters, dividing
from learntrack.importing.converter import Order
from learntrack.importing.converters import converting, cores
from learntrack.importing.converting import Conversion
from learntrack.importing.kolibri.source import Kolibri
from learntrack.importing.kolibri.sql import SHARES
from learntrack.importing.kolibri.sqlite import SqliteCopy, sqlite_source
from learntrack.importing.prepared import PreparedBatch
from learntrack.importing.report import ImportReport
from learntrack.importing.service import begun
from tests.importing.kolibri.rows import AT
from tests.importing.moving import HOME, changed

ODD = "UPDATE logger_attemptlog SET correct = 2 WHERE id IN (SELECT id FROM logger_attemptlog LIMIT 9)"


def conversion(source: Kolibri) -> Conversion:
    return Conversion(AT, {row["id"]: row["facility_id"] for row in source.table("kolibriauth_facilityuser")})


def made_by(order: Order, many: int) -> list[PreparedBatch]:
    with converting(order, many) as converters:
        return [each.batch for each in converters.made if each.batch is not None]


@pytest.mark.parametrize("most_bytes", [dividing.MOST_BYTES, 12_000])
def test_processes_make_the_same_as_a_thread_and_tell_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_bytes: int
) -> None:
    """Also what is noticed after a share's first batch, which was told nobody."""
    monkeypatch.setattr(dividing, "MOST_BYTES", most_bytes)
    there = f"from learntrack.importing import dividing; dividing.MOST_BYTES = {most_bytes}"
    monkeypatch.setattr(converters, "_PROGRAM", f"{there}\n{converters._PROGRAM}")
    alone, together = (ImportReport(io.StringIO()) for _ in range(2))
    with sqlite_source(changed(tmp_path, ODD)) as source:
        expected = [*conversion(source).everything(source, alone)]
        assert source.again is not None
        with converting(Order(source.again, conversion(source), tells_all=True), 2) as running:
            found = []
            for each in running.made:
                together.take_in(each.told)
                found += [each.batch] if each.batch is not None else []

    def parts(made: list[Any]) -> list[Any]:
        everything = [part for batch in made for part in batch.parts]
        return sorted(everything, key=lambda part: (part.collection, part.id, part.row))

    assert parts(found) == parts(expected)
    assert sum(batch.rows for batch in found) == sum(batch.rows for batch in expected)
    assert (together.counts, together.reasons) == (alone.counts, alone.reasons)
    few = [{reason: len(records) for reason, records in each.examples.items()} for each in (together, alone)]
    assert few[0] == few[1]
    logs: list[Any] = [report.log for report in (alone, together)]
    assert sorted(logs[0].getvalue().splitlines()) == sorted(logs[1].getvalue().splitlines())


@pytest.mark.parametrize("learners", [0, 20_000])
def test_why_a_process_cannot_go_on_is_told(tmp_path: Path, learners: int) -> None:
    """It may have ended by the time that it is told its share."""
    broken = tmp_path / "db.sqlite3"
    broken.write_text("This is no database. " * 100)
    facilities = {f"{number:032x}": "a" * 32 for number in range(learners)}
    order = Order(SqliteCopy(broken, "That file"), Conversion(AT, facilities), tells_all=False)

    with pytest.raises(StartError, match="That file is not a database of Kolibri"):
        made_by(order, 2)


def test_a_process_that_ends_before_it_is_told_what_to_do_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converters, "_PROGRAM", "")
    facilities = {f"{number:032x}": "a" * 32 for number in range(20_000)}
    order = Order(SqliteCopy(Path("nowhere"), "Nothing"), Conversion(AT, facilities), tells_all=False)

    with pytest.raises(StartError, match="has ended"):
        made_by(order, 1)


KILLED = """
import os, signal
from learntrack.importing import converter
converter._convert = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
converter.main()
"""


def test_a_process_that_is_killed_does_not_end_an_import_as_if_all_were_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converters, "_PROGRAM", KILLED)
    with sqlite_source(HOME) as source:
        assert source.again is not None
        order = Order(source.again, conversion(source), tells_all=False)
        with pytest.raises(StartError, match="has ended"):
            made_by(order, 1)


def test_every_learner_is_in_one_share(tmp_path: Path) -> None:
    with sqlite3.connect(f"file:{HOME / 'db.sqlite3'}?mode=ro", uri=True) as connection:
        query = "SELECT DISTINCT user_id FROM logger_contentsessionlog WHERE user_id IS NOT NULL LIMIT 16"
        users = [row[0] for row in connection.execute(query)]
    ids = [f"{digit}{'7' * 31}" for digit in "0123456789abcdef"][: len(users)]
    renamed = [
        f"UPDATE logger_contentsessionlog SET user_id = '{new}' WHERE user_id = '{old}'"
        for new, old in zip(ids, users, strict=True)
    ]
    with sqlite_source(changed(tmp_path, *renamed)) as source:
        found = [rows.user_id for share in SHARES for rows in source.learners(share)]
        everybody = [rows.user_id for rows in source.learners()]

    assert {*ids} <= {*everybody}
    assert found == everybody


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 4), ("50000 100000", 1), ("250000 100000", 2), ("900000 100000", 4), ("odd", 4), (None, 4)],
)
def test_a_containers_limit_of_cores_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str | None, expected: int
) -> None:
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota)
    monkeypatch.setattr(converters, "_QUOTA", file)
    monkeypatch.setattr(converters, "_usable", lambda: 4)

    assert cores() == expected


def test_a_process_that_ends_within_what_it_says_has_ended() -> None:
    """As one that the system kills for its memory; it was a traceback."""
    ours, theirs = Pipe()
    with ours, theirs:
        os.write(theirs.fileno(), (1000).to_bytes(4, "big") + b"a part")
        theirs.close()
        with pytest.raises(StartError, match="has ended"):
            converters._received(ours)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_who_leaves_an_import_waits_for_nothing_that_is_converted() -> None:
    """As where the database does not start: a process that stands still kept the command for ever."""
    with sqlite_source(HOME) as source, begun(source, ImportReport(), 2):
        converters_begun = of_this_process()
        assert len(converters_begun) == 2
        for pid in converters_begun:
            os.kill(pid, signal.SIGSTOP)

    assert of_this_process() == set()


def of_this_process() -> set[int]:
    """The processes that convert for this one."""
    children = {pid for each in Path("/proc/self/task").glob("*/children") for pid in each.read_text().split()}
    return {int(pid) for pid in children if b"importing.converter" in Path(f"/proc/{pid}/cmdline").read_bytes()}
