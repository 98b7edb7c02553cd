"""Backing a database up, restoring a backup, moving a database."""

from pathlib import Path

from learntrack import __version__
from learntrack.backup.archive import Archive, Header, new_archive, opened
from learntrack.backup.filling import fill, tallies_of
from learntrack.backup.tally import Tallies, Tally, differing
from learntrack.documents import Deployment
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.storage import Database, StartError
from learntrack.storage.long_work import OnProgress
from learntrack.storage.whole import Whole, one_moment


async def back_up(db: Database, database: str, path: Path, progress: OnProgress) -> Tallies:
    """Write all that is stored at one moment into a file, and read it back. The service may go on meanwhile.

    Args:
        db: The database.
        database: Its name.
        path: The file, which must not be there yet.
        progress: Is told how many documents have been read since it was last told.

    Raises:
        StartError: the file cannot be written, or what is read back is not what was written.
        DatabaseUnavailable: the database does not answer.

    """
    stored = await db.find_one(Deployment, {"_id": "schema"})
    header = Header(
        id=new_id(),
        schema_version=SCHEMA_VERSION if stored is None else stored["version"],
        learntrack=__version__,
        database=database,
        taken_at=moments.now().isoformat(),
    )
    tallies: Tallies = {}
    with new_archive(path, header) as archive:
        async with one_moment(db) as whole:
            for name in await whole.collections():
                tally = tallies[name] = Tally()
                with archive.collection(name) as file:
                    async for part in whole.documents(name):
                        tally.add(part)
                        file.write(b"".join(part))
                        progress(len(part))
        archive.close(tallies)
    with opened(path) as written:
        await check_backup(written)
    return tallies


async def check_backup(archive: Archive, progress: OnProgress = lambda _: None) -> None:
    """Read a backup to its end.

    Raises:
        StartError: it is not what it says, or of a newer release than this one.

    """
    if archive.header.schema_version > SCHEMA_VERSION:
        raise StartError(
            f"The backup has schema version {archive.header.schema_version}, this release knows {SCHEMA_VERSION}: use "
            f"learntrack {archive.header.learntrack} or later."
        )
    if wrong := differing(archive.tallies, await tallies_of(archive, progress)):
        raise StartError(f"The backup is damaged: {', '.join(wrong)}.")


async def restore(db: Database, archive: Archive, progress: OnProgress, *, replace: bool = False) -> Tallies:
    """Fill a database from a backup that has been checked. It must be empty; with `replace` it is emptied.

    Raises:
        StartError: as `fill` says.

    """
    name = f"the backup of {archive.header.taken_at} ({archive.header.id})"
    return await fill(db, archive, name, progress, replace=replace)


async def move(source: Database, target: Database, name: str, progress: OnProgress, *, ahead: bool) -> Tallies:
    """Copy all that is stored into an empty database elsewhere, and compare.

    Args:
        source: What is copied.
        target: Where to.
        name: What the source is called.
        progress: Is told how many documents have been written since it was last told.
        ahead: Only copy, and leave it to another run to copy what has changed since, and to compare.

    Raises:
        StartError: as `fill` says.

    """
    return await fill(target, Whole(source), name, progress, ahead=ahead)
