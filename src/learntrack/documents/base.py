"""What every stored document has in common: its id, its version, and knowing what of it has changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import bson
from bson import DBRef
from bson.codec_options import CodecOptions
from pydantic import BaseModel, ValidationError
from pymongo import InsertOne, UpdateOne

from learntrack.documents.bson_parts import divided
from learntrack.domain.attempts import Attempt

SCHEMA_VERSION = 3
"""The version of the stored shapes that this release writes, in every document's `schema_version`."""

Row = dict[str, Any]
"""A document as the driver reads and writes it."""
AS_OURS: CodecOptions[Row] = CodecOptions(tz_aware=True)
"""How rows are read that were not stored by others."""
_SMALL_ROW = 1000
"""Bytes of a row that is decoded sooner than it is divided, as nearly every session is."""
Write = InsertOne[Row] | UpdateOne


class Stored(BaseModel):
    """The part of a Beanie document that is ours. The id is a string of 32 hex digits, unless a docstring says
    otherwise.

    A document is made by its class's `begin`, or `read` from a row; changed by its methods; and
    says what of it has changed. Beanie's own `save` is not used: its encoder takes a millisecond a document.

    No Document itself, because Beanie would make a collection of it.
    """

    id: str
    schema_version: int = SCHEMA_VERSION

    shard_key: ClassVar[str | None] = None
    """The field by which the collection may be sharded; a write then names it beside the id."""
    decoded_later: ClassVar[frozenset[bytes]] = frozenset()
    """The arrays that are not decoded until somebody looks at them."""
    at_first: ClassVar[Row] = {}
    """What is in the fields that other documents, or parts of this one, decide on, when it begins."""
    not_at_first: ClassVar[frozenset[str]] = frozenset()
    """The fields that it does not have when it begins."""

    # The paths of what has changed since the document was read; None for one that is not stored yet. A slot, because
    # pydantic's private attributes are found in Python, which took a tenth of an update.
    __slots__ = ("_unsaved",)
    if TYPE_CHECKING:
        _unsaved: set[str] | None
    else:
        # Beanie's own insists on a database behind every document, also one that is only made or read.
        __init__ = BaseModel.__init__
        # Beanie's own looks at every attribute in Python, for documents that are parsed lazily: a tenth of an update.
        __getattribute__ = object.__getattribute__

        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
            super().__pydantic_init_subclass__(**kwargs)
            cls.model_post_init = _without_private_attributes

    @classmethod
    def collection(cls) -> str:
        """The name of the collection."""
        settings: Any = getattr(cls, "Settings")  # noqa: B009 - every document has its own, the base has none
        name: str = settings.name
        return name

    @classmethod
    def new(cls, **fields: Any) -> Self:
        """A document that is not stored yet, with all of its fields that are not to be left out."""
        return _tracking(cls(schema_version=SCHEMA_VERSION, **fields), None)

    @classmethod
    def read(cls, row: Row) -> Self:
        """The document in a row that was read.

        Raises:
            ValidationError: the row is none.

        """
        return _tracking(validated(cls, row), set())

    def as_it_began(self) -> Self:
        """A new document like this one without all that other documents, or parts of this one, have added to it."""
        left_out = {"schema_version"} | self.not_at_first | self.at_first.keys()
        return self.new(**self.model_dump(exclude_unset=True, exclude=left_out), **self.at_first)

    @classmethod
    def from_bson(cls, raw: bytes, options: CodecOptions[Row] = AS_OURS) -> Self:
        """The document in a row as it came over the wire.

        Raises:
            ValidationError: the row is none.

        """
        if not cls.decoded_later or len(raw) <= _SMALL_ROW:
            return cls.read(bson.decode(raw, options))
        return cls.from_parts(*divided(raw, cls.decoded_later), options)

    @classmethod
    def from_parts(cls, rest: bytes, later: Mapping[bytes, bytes], options: CodecOptions[Row]) -> Self:
        """The same, from a row without its arrays that are decoded later, and these by name."""
        return cls.read(bson.decode(rest, options))

    @property
    def is_new(self) -> bool:
        """Whether it is not stored yet."""
        return self._unsaved is None

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to be written of it."""
        return self._unsaved is None or bool(self._unsaved)

    def will_change(self, field: str) -> bool:
        """Whether its write will change what is stored in a field."""
        return field in (self._unsaved or ())

    def change(self, **fields: Any) -> None:
        """Give fields other values, and remember those that differ."""
        # Not by setattr, which would ask each time what pydantic is to do for this field: nothing.
        values, given, unsaved = self.__dict__, self.__pydantic_fields_set__, self._unsaved
        for name, value in fields.items():
            if values[name] != value:
                values[name] = value
                given.add(name)
                if unsaved is not None:
                    unsaved.add(name)

    def note(self, path: str) -> None:
        """Remember that what is at a path, a field or an entry of a list or object, has changed."""
        if self._unsaved is not None:
            self._unsaved.add(path)

    def row(self) -> Row:
        """The whole document as it is stored; a field that it was never given is left out."""
        return self.model_dump(by_alias=True, exclude_unset=True)

    def as_bson(self) -> bytes:
        """The same, as it goes over the wire."""
        return bson.encode(self.row())

    def changes(self) -> Row:
        """What a `$set` has to say of what has changed since the document was read: values by path, empty for nothing.

        The path of an attempt is its position, so that what is sent and logged stays small.
        """
        found: Row = {}
        unsaved = self._unsaved or ()
        for path in sorted(unsaved):
            name, _, place = path.partition(".")
            if not place:
                found[name] = as_stored(self.__dict__[name])
            elif name not in unsaved:
                found[path] = as_stored(self._entry(name, place))
        return found

    def _entry(self, name: str, place: str) -> Any:
        """What stands at a place of a field that is a list or an object."""
        value = self.__dict__[name]
        return value[place] if isinstance(value, dict) else value[int(place)]

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
        if self._unsaved is None:
            return InsertOne(self.row(), namespace=namespace)
        changes = self.changes()
        return UpdateOne(self.key(sharded=sharded), {"$set": changes}, namespace=namespace) if changes else None


M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], row: Row) -> M:
    """The model that a row or a part of one is of.

    Releases before 0.2 stored free-form JSON with keys that begin with `$`, of which the driver makes references
    wherever an object has `$ref` and `$id`.

    Raises:
        ValidationError: it is of another model.

    """
    try:
        return model.model_validate(row)
    except ValidationError:
        return model.model_validate(_without_references(row))


def _without_references(value: Any) -> Any:
    if isinstance(value, DBRef):
        value = value.as_doc()
    if isinstance(value, dict):
        return {name: _without_references(inner) for name, inner in value.items()}
    return [_without_references(entry) for entry in value] if isinstance(value, list) else value


MOST_STORED = 8 * 2**20
"""Bytes of BSON that a summary's free-form JSON may take: with its session and a try it must fit a row of 16 MB."""


def stored_size(value: Row) -> int:
    """Bytes of BSON that an object takes."""
    return len(bson.encode(value))


D = TypeVar("D", bound=Stored)


def _without_private_attributes(document: BaseModel, _: object) -> None:
    """Leave out Beanie's notes of what was stored, for which pydantic copies defaults: thirty calls a document."""
    object.__setattr__(document, "__pydantic_private__", None)


def _tracking(document: D, unsaved: set[str] | None) -> D:
    object.__setattr__(document, "_unsaved", unsaved)
    return document


_AS_IT_IS = frozenset({str, int, float, bool, type(None), datetime})
"""What most fields are of."""


def as_stored(value: Any) -> Any:
    """A value as the driver writes it: models as their fields."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Attempt):
        return value.row()
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, list):
        return [as_stored(entry) for entry in value]
    if isinstance(value, dict) and any(isinstance(entry, BaseModel) for entry in value.values()):
        return {key: as_stored(entry) for key, entry in value.items()}
    return value
