"""What a run of the export leaves beside its files: as of when they are, and which of them are new."""

from pathlib import Path

import msgspec
from msgspec import Struct

_FILE = "watermark.json"


class Watermark(Struct):
    """The last run into a folder.

    `as_of` is when it began, `from_month` the first month (`YYYY-MM`) that it has written anew, `pseudonyms` by which
    key (`Pseudonyms.fingerprint`), `rows` how many it wrote; `written` and `removed` are paths within the folder.
    """

    schema: int
    as_of: str
    from_month: str
    pseudonyms: str | None
    rows: int
    written: list[str]
    removed: list[str]

    @classmethod
    def read(cls, folder: Path) -> "Watermark | None":
        """That of a folder; None where no run has ended there."""
        file = folder / _FILE
        return msgspec.json.decode(file.read_bytes(), type=cls) if file.exists() else None

    def write(self, folder: Path) -> None:
        """Take the place of what was there; whoever reads meanwhile sees the one or the other."""
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{Path(_FILE).stem}.draft"
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1))
        draft.replace(folder / _FILE)
