"""The shapes of the API as JSON Schema, made by msgspec, which reads and writes them: nothing that it checks is lost.

Litestar's own description of a field such as `Fraction | None` has no limits, and gives a choice no name.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

_REF = "#/components/schemas/"

JsonSchema = dict[str, Any]
"""A JSON Schema, as plain values."""


def described(names: Iterable[str]) -> dict[str, JsonSchema]:
    """The schemas of our shapes with these names, and of all that they refer to, by name.

    A choice or a shape of plain JSON within a field is a schema of its own where it has a title (`Meta(title="Kind")`),
    so that a generated client has one type of it.
    """
    shapes = {shape.__name__: shape for shape in _shapes(msgspec.Struct)}
    asked = [shapes[name] for name in names if name in shapes]
    _, components = msgspec.json.schema_components(asked, ref_template=_REF + "{name}")
    found: dict[str, JsonSchema] = {}
    for name, schema in components.items():
        found[name] = _without_absent_default(schema | _named(schema, found))
        if not found[name].get("required", True):
            del found[name]["required"]
    return dict(sorted(found.items()))


def _shapes(parent: type[Any]) -> Iterable[type[Any]]:
    for shape in parent.__subclasses__():
        if shape.__module__.startswith("learntrack."):
            yield shape
        yield from _shapes(shape)


def _named(schema: JsonSchema, found: dict[str, JsonSchema]) -> JsonSchema:
    """The fields of a schema, in which what has a title is a reference to it in `found`."""
    properties = {name: _referred(field, found) for name, field in schema.get("properties", {}).items()}
    return {"properties": properties} if properties else {}


def _referred(field: JsonSchema, found: dict[str, JsonSchema]) -> JsonSchema:
    for key in ("anyOf", "oneOf"):
        if key in field:
            field = field | {key: [_referred(each, found) for each in field[key]]}
    if isinstance(field.get("items"), dict):
        field = field | {"items": _referred(field["items"], found)}
    if field.get("type") == "object" and "additionalProperties" not in field:
        field = field | {"additionalProperties": True}  # else some generators allow no field at all
    if "enum" in field and all(isinstance(value, str) for value in field["enum"]):
        field = {"type": "string"} | field
    if "title" not in field:
        return field
    name = field["title"]
    own = {key: field[key] for key in ("description", "default") if key in field}
    found.setdefault(name, {key: value for key, value in field.items() if key not in own})
    return {"$ref": _REF + name} | own


def _without_absent_default(schema: JsonSchema) -> JsonSchema:
    """Without defaults of fields that may be null: null is the same as leaving a field out, so they say nothing, and
    some generators take a field with a default for one that is always there.
    """
    fields = schema.get("properties")
    if not fields:
        return schema
    plain = {
        name: {key: value for key, value in field.items() if key != "default" or not _may_be_null(field)}
        for name, field in fields.items()
    }
    return schema | {"properties": plain}


def _may_be_null(field: JsonSchema) -> bool:
    return {"type": "null"} in field.get("anyOf", ())
