"""Ids that say nothing about whom they are of."""

import pytest

from learntrack.reports.parquet.pseudonyms import Pseudonyms

KEY = b"a key that is long enough"


def test_the_same_key_says_the_same_of_an_id_and_another_something_else() -> None:
    one, again, other = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms(KEY + b"!")

    assert one.of("ada") == again.of("ada") != other.of("ada")
    assert one.of("ada") != one.of("ben")
    assert one.fingerprint == again.fingerprint != other.fingerprint
    assert len(one.of("ada") or "") == 32
    assert one.of(None) is None


@pytest.mark.parametrize("length", [0, 15])
def test_a_key_that_could_be_guessed_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"k" * length)
