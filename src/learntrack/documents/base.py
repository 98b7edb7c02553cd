"""What every stored document has in common: its id, its version, and knowing what of it has changed."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, PrivateAttr
from pymongo import InsertOne, UpdateOne

SCHEMA_VERSION = 1
"""The version of the stored shapes that this release writes, in every document's `schema_version`."""

Row = dict[str, Any]
"""A document as the driver reads and writes it."""
Write = InsertOne[Row] | UpdateOne


class Stored(BaseModel):
    """The part of a Beanie document that is ours. The id is a string of 32 hex digits, unless a docstring says
    otherwise.

    A document is made by its class's `begin`, or read from a row with `model_validate`; changed by its methods; and
    says what of it has changed. Beanie's own `save` is not used: its encoder takes a millisecond a document.

    No Document itself, because Beanie would make a collection of it.
    """

    id: str
    schema_version: int = SCHEMA_VERSION

    _is_new: bool = PrivateAttr(default=False)
    _changed: set[str] = PrivateAttr(default_factory=set)

    shard_key: ClassVar[str | None] = None
    """The field by which the collection may be sharded; a write then names it beside the id."""

    # Beanie's own insists on a database behind every document, also one that is only made or read.
    if not TYPE_CHECKING:
        __init__ = BaseModel.__init__

    @classmethod
    def collection(cls) -> str:
        """The name of the collection."""
        settings: Any = getattr(cls, "Settings")  # noqa: B009 - every document has its own, the base has none
        name: str = settings.name
        return name

    @classmethod
    def new(cls, **fields: Any) -> Self:
        """A document that is not stored yet, with all of its fields that are not to be left out."""
        document = cls(schema_version=SCHEMA_VERSION, **fields)
        document._is_new = True
        return document

    def change(self, **fields: Any) -> None:
        """Give fields other values, and remember those that differ."""
        for name, value in fields.items():
            if name not in self.model_fields_set or getattr(self, name) != value:
                setattr(self, name, value)
                self._changed.add(name)

    def row(self) -> Row:
        """The whole document as it is stored; a field that it was never given is left out."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def changes(self) -> Row:
        """What a `$set` has to say of what has changed since the document was read: values by path; nothing if
        nothing has.
        """
        return {name: plain(getattr(self, name)) for name in sorted(self._changed)}

    def key(self, *, sharded: bool = False) -> Row:
        """What a write of this document is addressed by: its id, and where the data is sharded its owner too."""
        if sharded and self.shard_key is not None:
            return {"_id": self.id, self.shard_key: getattr(self, self.shard_key)}
        return {"_id": self.id}

    def write(self, namespace: str | None = None, *, sharded: bool = False) -> Write | None:
        """The write that stores what is new or has changed, None if nothing has.

        Args:
            namespace: Database and collection, for a write to several collections in one command.
            sharded: Whether the data is on a sharded cluster.

        """
        if self._is_new:
            return InsertOne(self.row(), namespace=namespace)
        changes = self.changes()
        return UpdateOne(self.key(sharded=sharded), {"$set": changes}, namespace=namespace) if changes else None


def plain(value: Any) -> Any:
    """A value as the driver writes it: models as their fields."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value


class Imported(BaseModel):
    """What a document was imported from: the source's id, and what the source said last time.

    By that the next import knows what is new.
    """

    id: str
    digest: str
    time_spent: float
    progress: float | None = None
