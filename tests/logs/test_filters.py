"""What the lists are narrowed to, as a query string says it."""

import pytest

from learntrack.errors import InvalidFields
from learntrack.logs.filters import LogFilters, log_filters

ID = "4c796e62-e07e-589e-b931-961dd0b3db4c"


def test_every_filter_is_read_and_an_empty_one_is_none() -> None:
    plain = ID.replace("-", "")

    assert log_filters(content=ID, user=None, complete="", item="q 1", quiz="TRUE", mastery_level="-3") == LogFilters(
        content=plain, item="q 1", quiz=True, mastery_level=-3
    )


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_true_and_false_may_be_numbers(text: str, value: bool) -> None:
    assert log_filters(complete=text).complete is value


def test_every_malformed_filter_is_named() -> None:
    with pytest.raises(InvalidFields) as refused:
        log_filters(content="x", complete="yes", mastery_level="1.5", item="anything")

    assert set(refused.value.errors) == {"content", "complete", "mastery_level"}
