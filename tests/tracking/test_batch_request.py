"""A large queue is cut into its items without reading them, and one of too many is refused before they are made."""

import json

import pytest

from learntrack.errors import InvalidFields, TooLarge
from learntrack.tracking.batch_request import _cut, has_more_items_than
from learntrack.web.bodies import MostJson

MOST = MostJson(1000, 10_000)


@pytest.mark.parametrize(
    ("body", "most", "more"),
    [
        ({"items": [{}] * 3}, 3, False),
        ({"items": [{}] * 4}, 3, True),
        ({"items": [{"a": [1] * 9, "b": {"c": 1, "d": 2}}] * 3}, 3, False),
        ({"note": [1] * 3, "items": [1] * 3}, 3, False),
        ({"items": ['",[{},', "\\", '\\"', ",,,,"]}, 4, False),
        ({"items": ['",[{},', "\\", '\\"', ",,,,"]}, 3, True),
        (dict.fromkeys("abcdefgh", 1), 3, False),
    ],
)
def test_items_are_counted_whatever_is_in_them(body: object, most: int, more: bool) -> None:
    assert has_more_items_than(most, json.dumps(body).encode()) is more
    assert has_more_items_than(most, json.dumps(body, separators=(",", ":"), indent=1).encode()) is more


def test_items_are_cut_apart_unread() -> None:
    found = _cut(b'{"x": 1, "items": [ {"a": "\xc3\xa4"} , 2]}', MOST)

    assert [bytes(item) for item in found["items"]] == [b'{"a": "\xc3\xa4"}', b"2"]


def test_too_many_are_refused_by_name() -> None:
    with pytest.raises(InvalidFields) as refused:
        _cut(b'{"items": [' + b"{}," * 2000 + b"{}]}", MOST)

    assert set(refused.value.errors) == {"items"}


@pytest.mark.parametrize("body", [b'{"items": 1}', b"[]", b'{"items": {}}'])
def test_what_is_no_queue_is_left_to_say_so(body: bytes) -> None:
    assert _cut(body, MOST) == json.loads(body)


def test_what_only_patience_reads_is_read() -> None:
    assert _cut(rb'{"items": [{"a": "\ud83d"}]}', MOST)["items"] is not None


def test_a_queue_full_of_lists_is_refused_before_they_are_counted_to_the_end() -> None:
    with pytest.raises(TooLarge):
        _cut(b'{"items": [[' + b"[]," * 5000 + b"1]]}", MOST)


def test_a_queue_that_only_patience_reads_has_a_bound_on_its_values() -> None:
    """Of each item that is bounded when it has its turn; here all are read at once."""
    with pytest.raises(TooLarge):
        _cut(rb'{"items": [{"a": ["\ud83d",' + b"1," * 4 * MOST.values + b"1]}]}", MOST)


def test_a_text_without_an_end_is_looked_at_once() -> None:
    """Looking for its end from each of its quotes takes hours."""
    assert not has_more_items_than(3, b'{"items": ["' + b'\\"' * 500_000 + b"," * 9)


@pytest.mark.parametrize("inside", [b'\\"' * 60, b"\\\\" * 5000, b"[{,}]" * 100_000, b"\\u005b," * 51, b""])
@pytest.mark.parametrize("items", [19, 20, 21])
def test_what_is_within_long_strings_is_no_item(inside: bytes, items: int) -> None:
    text = b'"' + inside + b'"'
    body = b"{" + text + b': 1, "items" :' + b"\n" * 9999 + b"[" + b", ".join([b"[" + text + b",2]"] * items) + b"]}"

    assert has_more_items_than(20, body) is (items > 20)
    assert has_more_items_than(20, body[:-4] + b'"' + inside) is (items > 20)
