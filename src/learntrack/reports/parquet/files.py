"""Parquet files that are replaced whole, and only where their content has changed."""

import filecmp
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow.parquet import ParquetFile, ParquetWriter

from learntrack.reports.parquet.tables import Columns
from learntrack.storage.database import Row

_ROWS = 20_000
"""Rows that are held at once, and that make a group in the file."""
_CHARACTERS = 2**24
"""Characters of texts that are held at once: rows with long answers make smaller groups."""
_TURNED = 100
"""Rows that are turned into columns at once: one by one takes twice as long."""
_MONTH = "month="
WITHOUT_ROWS = "none.parquet"
"""The name of the file of a table that has none with rows."""
_TYPES: dict[str, pyarrow.DataType] = {
    "text": pyarrow.string(),
    "texts": pyarrow.list_(pyarrow.string()),
    "number": pyarrow.float64(),
    "whole": pyarrow.int32(),
    "flag": pyarrow.bool_(),
    "moment": pyarrow.timestamp("ms", tz="UTC"),
}


class TableFile:
    """A file while it is being written: rows are added, and at the end it takes its place if it differs."""

    def __init__(self, path: Path, columns: Columns, *, even_empty: bool) -> None:
        self.path, self.rows = path, 0
        self._even_empty = even_empty
        self._draft = path.with_name(f".{path.name}.draft")
        self._schema = pyarrow.schema([(name, _TYPES[kind]) for name, kind in columns.items()])
        self._texts = [name for name, kind in columns.items() if kind == "text"]
        self._added: list[Row] = []
        self._held: dict[str, list[Any]] = {name: [] for name in columns}
        self._held_rows, self._held_characters = 0, 0
        self._writer: ParquetWriter | None = None

    def add(self, row: Row) -> None:
        """Add a row; a column that it lacks is null."""
        self._added.append(row)
        self.rows += 1
        if len(self._added) == _TURNED:
            self._turn()
            if self._held_rows >= _ROWS or self._held_characters >= _CHARACTERS:
                self._flush()

    @property
    def is_written(self) -> bool:
        """Whether there is a file in the end: of one without rows only where it is wanted all the same."""
        return self.rows > 0 or self._even_empty

    def finish(self) -> bool:
        """Take the place of what was there; returns whether it differs."""
        if not self.is_written:
            return False
        self._flush()
        assert self._writer is not None
        self._writer.close()
        if self.path.exists() and filecmp.cmp(self._draft, self.path, shallow=False):
            self._draft.unlink()
            return False
        self._draft.replace(self.path)
        return True

    def abandon(self) -> None:
        """Leave what was there as it is."""
        if self._writer is not None:
            self._writer.close()
        self._draft.unlink(missing_ok=True)

    def _turn(self) -> None:
        """Turn the rows that were added last into columns."""
        for name, values in self._held.items():
            values += [row.get(name) for row in self._added]
        self._held_characters += sum(len(row.get(name) or "") for name in self._texts for row in self._added)
        self._held_rows += len(self._added)
        self._added.clear()

    def _flush(self) -> None:
        self._turn()
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = ParquetWriter(self._draft, self._schema, compression="zstd")
        if self._held_rows:
            arrays = [pyarrow.array(self._held[field.name], field.type) for field in self._schema]
            self._writer.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
        for values in self._held.values():
            values.clear()
        self._held_rows, self._held_characters = 0, 0


class ParquetFiles:
    """The files of one run.

    `written` are those that are new or differ, by their path within the folder; `kept` all that belong there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[str] = []
        self.kept: set[str] = set()
        self.rows = 0

    @contextmanager
    def file(self, path: str, columns: Columns, *, even_empty: bool = False) -> Iterator[TableFile]:
        """A file to be written, without rows only if `even_empty`; where an exception comes through it stays what it
        was.
        """
        made = TableFile(self.folder / path, columns, even_empty=even_empty)
        try:
            yield made
        except BaseException:
            made.abandon()
            raise
        if made.finish():
            self.written.append(path)
        if made.is_written:
            self.kept.add(path)
            self.rows += made.rows

    def stays_empty(self, table: str, is_anew: Callable[[str], bool]) -> bool:
        """Whether no file with rows is left of a table when what `remove_others` removes is gone."""
        paths = (file.relative_to(self.folder).as_posix() for file in self._with_rows(f"{table}/**/*.parquet"))
        return all(path not in self.kept and is_anew(path) for path in paths)

    def months(self, table: str = "*") -> set[str]:
        """The months that there are files of, of a table or of all."""
        files = self._with_rows(f"{table}/*/{_MONTH}*/*.parquet")
        return {path.parent.name.removeprefix(_MONTH) for path in files}

    def have(self, table: str, month: str, column: str, values: Set[str | None]) -> bool:
        """Whether a table's files of a month have one of these values in a column."""
        for path in self.folder.glob(f"{table}/*/{_MONTH}{month}/*.parquet"):
            with ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS, columns=[column]):
                    if not values.isdisjoint(batch.column(0).to_pylist()):
                        return True
        return False

    def remove_others(self, is_anew: Callable[[str], bool]) -> list[str]:
        """Remove what was written before and has no rows any more, of the files that are; returns the paths.

        Args:
            is_anew: Whether this run has written the file of a path, if it has rows.

        """
        removed = []
        for file in sorted(self.folder.glob("*/**/*.parquet")):
            path = file.relative_to(self.folder).as_posix()
            if path not in self.kept and is_anew(path):
                file.unlink()
                removed.append(path)
        return removed

    def _with_rows(self, pattern: str) -> Iterator[Path]:
        return (path for path in self.folder.glob(pattern) if path.name != WITHOUT_ROWS)


def month_of_path(path: str) -> str | None:
    """The month of a file; None where it has none."""
    return path.rpartition(_MONTH)[2].partition("/")[0] if _MONTH in path else None
