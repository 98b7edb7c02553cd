"""What is stored of free-form JSON, and what is shown of it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from bson import DBRef, Int64
from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.any_json import (
    Unstorable,
    as_sent,
    encodable,
    kept,
    read_patiently,
    read_quickly,
    restore_keys,
    stored_json,
)

MARK = "\uff04"
KEYS = st.one_of(
    st.sampled_from(["$ref", "$id", "$date", "$oid", "$", "$$", MARK, MARK * 2, f"{MARK}$", f"${MARK}", "a.b", ""]),
    st.text(alphabet=st.sampled_from(f'${MARK}."\\a{chr(0x1F600)}'), max_size=4),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), KEYS).filter(
        lambda value: value not in (float("inf"), float("-inf"))
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def keys_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for inner in value.values() for key in keys_of(inner))]
    return [key for inner in value for key in keys_of(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    "read", [lambda text: read_quickly(text.encode()), read_patiently], ids=["quickly", "patiently"]
)
@pytest.mark.parametrize("number", ["1.5e300", "2.2250738585072011e-308", "1e-400", "123456789.123456789"])
def test_no_number_takes_much_longer_to_read_than_another(read: Callable[[str], Any], number: str) -> None:
    """4 MB of 1.5e300 stopped everything for 12 s."""

    def spent(each: str) -> float:
        text = f"[{','.join([each] * 20_000)}]"
        began = time.process_time()
        found = read(text)
        took = time.process_time() - began
        assert found == [float(each)] * 20_000
        return took

    assert min(spent(number) for _ in range(3)) < 10 * min(spent("1.5") for _ in range(3))


@given(VALUES)
def test_what_is_read_quickly_is_what_was_written(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)

    assert read_quickly(text.encode()) == value
    assert read_quickly(f'[{text},"{"x" * 600}"]'.encode())[0] == value  # a long one is read in another way


@given(VALUES)
def test_what_is_shown_equals_what_was_sent_and_no_stored_key_begins_with_a_dollar(value: Any) -> None:
    stored = kept(value, depth=90)

    assert not [key for key in keys_of(stored) if key.startswith("$")]
    assert json.loads(as_sent(stored_json(stored))) == value


@given(VALUES, VALUES)
def test_a_row_is_shown_in_place_behind_others(before: Any, value: Any) -> None:
    buffer = bytearray(stored_json(kept(before, depth=90)))
    start = len(buffer)
    buffer += stored_json(kept(value, depth=90))

    restore_keys(start, buffer)

    assert bytes(buffer[:start]) == stored_json(kept(before, depth=90))
    assert json.loads(bytes(buffer[start:])) == value


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("$x", f"{MARK}x"), (f"{MARK}x", f"{MARK * 2}x"), (f"${MARK}x", f"{MARK * 3}x"), (f"{MARK}$", f"{MARK * 2}$")],
)
def test_a_key_is_stored_in_a_way_that_no_other_is(sent: str, stored: str) -> None:
    assert kept({sent: 1}, depth=1) == {stored: 1}


def test_what_was_stored_under_a_dollar_before_reads_as_it_is() -> None:
    assert as_sent(b'{"$x":{"$ref":1}}') == b'{"$x":{"$ref":1}}'


@pytest.mark.parametrize("value", [{}, {"where": 1, "a.b": [{"": None}], "é": "\0"}, {"n": 2**63 - 1}, {"f": 1e300}])
def test_ordinary_values_are_stored_as_they_are(value: Any) -> None:
    assert kept(value, depth=5) == value


def test_what_no_reader_of_json_keeps_is_changed() -> None:
    stored = kept({"a\0": 2**63, "b": [-(2**64), 2**64 - 1], "c": ["x", 2**70]}, depth=5)

    assert stored == {"a\ufffd": 2.0**63, "b": [-(2.0**64), 2.0**64], "c": ["x", 2.0**70]}
    assert {type(number) for number in (stored["a\ufffd"], *stored["b"], stored["c"][1])} == {float}


@pytest.mark.parametrize(
    "value", [{"a": {"b": {"c": {}}}}, {"a": [[[]]]}, {"a": float("inf")}, {"a": [float("nan")]}, {"a": 10**400}]
)
def test_what_is_too_deep_or_not_finite_is_refused(value: Any) -> None:
    with pytest.raises(Unstorable):
        kept(value, depth=3)


def test_what_a_driver_returns_is_json() -> None:
    assert (
        stored_json({"n": Int64(2**40), "r": DBRef("x", 1, "d")})
        == b'{"n":1099511627776,"r":{"$ref":"x","$id":1,"$db":"d"}}'
    )
    with pytest.raises(NotImplementedError):
        encodable(object())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d"', "\ufffd"),
        (r'{"\ude00\ud83d": "\ud83d\ude00"}', {"\ufffd\ufffd": "\U0001f600"}),
        ("1" + "0" * 5000, float("inf")),
        ("1" + "0" * 100, 1e100),
        ("[-0, -0.0]", [0, -0.0]),
    ],
)
def test_what_javascript_writes_is_read(text: str, value: Any) -> None:
    assert read_patiently(text) == value


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "", "{'a': 1}"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expect"):
        read_patiently(text)
