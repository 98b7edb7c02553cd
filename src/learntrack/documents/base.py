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

    if not TYPE_CHECKING:
        # Beanie's own insists on a database behind every document, also one that is only made or read.
        __init__ = BaseModel.__init__
        # Beanie's own looks at every attribute in Python, for documents that are parsed lazily: a tenth of an update.
        __getattribute__ = object.__getattribute__

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
        # Not by setattr, which would ask each time what pydantic is to do for this field: nothing.
        values, given, changed = self.__dict__, self.__pydantic_fields_set__, self._changed
        for name, value in fields.items():
            if values[name] != value:
                values[name] = value
                given.add(name)
                changed.add(name)

    def row(self) -> Row:
        """The whole document as it is stored; a field that it was never given is left out."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def changes(self) -> Row:
        """What a `$set` has to say of what has changed since the document was read: values by path, empty for nothing.

        The path of an attempt is its position, so that what is sent and logged stays small.
        """
        found: Row = {}
        for path in sorted(self._changed):
            name, _, position = path.partition(".")
            value = getattr(self, name)
            if not position:
                found[name] = plain(value)
            elif name not in self._changed:
                found[path] = plain(value[int(position)])
        return found

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
