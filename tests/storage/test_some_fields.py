"""Some fields of documents, taken where they lie, are those that decoding finds."""

from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain import moments
from learntrack.storage import some_fields
from learntrack.storage.some_fields import SomeFields, WithEntries, WithLaterEntries

OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
FIELDS = ("a", "b.c", "b.d.e", "missing", "b.missing")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5).filter(lambda text: "\0" not in text),
    st.datetimes(timezones=st.just(moments.now().tzinfo)).map(moments.to_milliseconds),
)
INNER = st.dictionaries(st.sampled_from(("c", "d", "x")), VALUES | st.dictionaries(st.just("e"), VALUES), max_size=3)
DOCUMENTS = st.lists(
    st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES | INNER, "free": VALUES | INNER | st.lists(VALUES)}),
    max_size=8,
)


def decoded(documents: list[dict[str, Any]], fields: tuple[str, ...], entries: str | None = None) -> list[Any]:
    """The same, each document as a driver has decoded it."""
    some = SomeFields(fields, entries)
    rows = [bson.decode(bson.encode(document), OPTIONS) for document in documents]
    return [values for row in rows for values in some.rows_in(row, OPTIONS)]


def taken(documents: list[dict[str, Any]], fields: tuple[str, ...], entries: str | None = None) -> list[Any]:
    some = SomeFields(fields, entries)
    return some.rows_in(b"".join(map(bson.encode, documents)), OPTIONS)


def sorted_by_text(rows: list[Any]) -> list[str]:
    return sorted(repr(tuple(int(value) if type(value) is bson.Int64 else value for value in row)) for row in rows)


@given(DOCUMENTS)
def test_what_is_taken_is_what_is_decoded(documents: list[dict[str, Any]]) -> None:
    """Whatever is there, of whatever type, beside whatever else; several lie alike."""
    documents = [*documents, *documents[:3]]

    assert sorted_by_text(taken(documents, FIELDS)) == sorted_by_text(decoded(documents, FIELDS))


@given(st.lists(st.fixed_dictionaries({"a": VALUES, "list": st.lists(INNER, max_size=3)}), max_size=5))
def test_each_entry_of_an_array_makes_a_row(documents: list[dict[str, Any]]) -> None:
    fields = ("a", "list.c", "list.d.e")
    found = taken(documents, fields, "list")

    assert len(found) == sum(len(document["list"]) for document in documents)
    assert sorted_by_text(found) == sorted_by_text(decoded(documents, fields, "list"))


@pytest.mark.parametrize("value", [bson.Decimal128("1"), bson.ObjectId(), [1, 2], {"x": 1}, bson.Regex("a"), b"bytes"])
def test_what_is_only_decoded_is_decoded(value: object) -> None:
    assert taken([{"a": value}, {"a": value}, {"a": 1}], ("a",)) == decoded(
        [{"a": value}, {"a": value}, {"a": 1}], ("a",)
    )


@given(st.lists(st.fixed_dictionaries({"x": VALUES}, optional={"of": st.sampled_from(["us", "me", None, 1])})))
def test_what_is_others_is_left_out(documents: list[dict[str, Any]]) -> None:
    some = SomeFields(("x",), only=("of", "us"))
    ours = [document for document in documents if document.get("of") == "us"]

    found = some.rows_in(b"".join(map(bson.encode, documents)), OPTIONS)
    assert sorted_by_text(found) == sorted_by_text(decoded(ours, ("x",)))
    assert [values for document in documents for values in some.rows_in(document, OPTIONS)] == [
        values for document in ours for values in some.rows_in(document, OPTIONS)
    ]


def test_another_text_of_the_same_length_is_not_the_same() -> None:
    """Names are part of how a document lies, values are not."""
    assert taken([{"a": "x", "z": "1"}, {"a": "y", "z": "2"}, {"z": "y", "a": "1"}], ("a",)) == [("x",), ("y",), ("1",)]


def test_no_more_layouts_are_learned_than_are_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(some_fields, "_MOST_LAYOUTS", 2)
    learned: list[bytes] = []
    layout_of = some_fields.layout_of
    monkeypatch.setattr(some_fields, "layout_of", lambda each, *more: learned.append(each) or layout_of(each, *more))
    documents = [{"a": number, f"{'x' * number}": number} for number in range(1, 9)]

    assert sorted(taken(documents, ("a",))) == [(number,) for number in range(1, 9)]
    assert len(learned) == 2


def test_a_large_document_is_decoded_only_as_far_as_is_wanted() -> None:
    large = {"a": 1, "b": {"c": moments.at_milliseconds(5)}, "free": ["long"] * 1000}

    assert taken([large, {"a": 2}], ("a", "b.c")) == [(1, 5), (2, None)]


@given(st.lists(st.fixed_dictionaries({"x": VALUES}, optional={"list": st.lists(INNER, max_size=3)}), max_size=5))
def test_the_entries_of_an_array_come_with_their_document(documents: list[dict[str, Any]]) -> None:
    wanted = WithEntries(("x",), "list", ("c", "d.e"))
    found = wanted.rows_in(b"".join(map(bson.encode, documents)), OPTIONS)

    for document, (row, values) in zip(documents, found, strict=True):
        whole = bson.decode(bson.encode(document), OPTIONS)
        assert (row["x"], row.get("list", [])) == (whole["x"], [])
        assert sorted_by_text(values) == sorted_by_text(decoded(document.get("list", []), ("c", "d.e")))
        [(_, told)] = wanted.rows_in(whole, OPTIONS)
        assert sorted_by_text(told) == sorted_by_text(values)


@pytest.mark.parametrize("as_sent", [True, False])
def test_whether_entries_are_the_same_is_told_without_reading_them(
    as_sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = WithLaterEntries(("x",), "list", ("c",))
    entries = [{"c": number} for number in range(250)]
    documents = [{"x": 1, "list": entries}, {"x": 2, "list": entries}, {"list": entries[1:]}, {"x": 3}]
    batches = [b"".join(map(bson.encode, documents))] if as_sent else documents
    with monkeypatch.context() as patch:
        patch.setattr(wanted._entries, "rows_in", None)
        found = [each for batch in batches for each in wanted.rows_in(batch, OPTIONS)]
    first, second, third, fourth = [later for _, later in found]

    assert first.digest == second.digest
    assert len({first.digest, third.digest, fourth.digest}) == 3
    assert sorted(values for part in first.parts() for values in part) == [(number,) for number in range(250)]
    assert max(map(len, first.parts())) <= 100
    assert list(fourth.parts()) == []
