"""Errors that are kept as values."""

import pytest

from learntrack.errors import Refusal, field_error, inside, kept_without_frames


def test_an_error_that_is_kept_knows_no_frames_nor_do_its_causes() -> None:
    """They hold each other, and all that was at hand where it was raised."""
    try:
        try:
            try:
                {}["first"]
            except KeyError as error:
                raise ValueError("second") from error
        except ValueError:
            raise Refusal("third")  # noqa: B904 - what was being handled then is known to it, too
    except Refusal as error:
        kept = kept_without_frames(error)

    causes = [kept, kept.__context__, kept.__context__.__cause__]  # type: ignore[union-attr]
    assert [str(each) for each in causes] == ["third", "second", "'first'"]
    assert [each.__traceback__ for each in causes] == [None] * 3  # type: ignore[union-attr]


def test_causes_may_go_round() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first

    assert kept_without_frames(first) is first


def test_what_is_refused_inside_a_field_is_named_by_it() -> None:
    with pytest.raises(Refusal, match=r"^start\.kind: Odd\.$"), inside("start", but=("key",)):
        raise field_error("kind", "Odd.")
