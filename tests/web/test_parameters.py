"""How filters in a query string or on a command line are read."""

from dataclasses import dataclass

import pytest

from learntrack.errors import InvalidFields
from learntrack.web.parameters import read_boolean, read_filters


@dataclass(frozen=True)
class Filters:
    active: bool | None = None
    most: int | None = None


def read(**sent: str | None) -> Filters:
    return read_filters(Filters, {"active": read_boolean, "most": int}, sent)


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("True", True), ("1", True), ("false", False), ("FALSE", False), ("0", False)]
)
def test_yes_and_no_may_be_written_so(text: str, value: bool) -> None:
    assert read_boolean(text) is value


@pytest.mark.parametrize("text", ["yes", "2", " true", "t"])
def test_nothing_else_is_yes_or_no(text: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        read_boolean(text)


def test_an_empty_filter_is_none() -> None:
    assert read(active="", most=None) == Filters()
    assert read(active="0", most="0") == Filters(active=False, most=0)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidFields) as refused:
        read(active="maybe", most="x")

    assert set(refused.value.errors) == {"active", "most"}
