"""The secret in the data folder."""

from pathlib import Path

import pytest

from learntrack.access.secrets import with_secret
from learntrack.settings import Settings
from learntrack.storage import StartError


def test_a_file_where_the_data_folder_should_be_is_said(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.touch()

    with pytest.raises(StartError, match="cannot be used: File exists"):
        with_secret(Settings(data_dir=place))


@pytest.mark.parametrize("content", [b"", b"\n", b"cut off", b"\xff" * 40])
def test_a_secret_that_is_not_whole_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jwt-secret").write_bytes(content)

    with pytest.raises(StartError, match=r"The secret in .* cannot be used"):
        with_secret(Settings(data_dir=tmp_path))


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first, second = (with_secret(Settings(data_dir=tmp_path)).jwt_secret for _ in range(2))

    assert first is not None
    assert first == second


def test_a_folder_that_is_made_for_it_is_its_owners_only(tmp_path: Path) -> None:
    with_secret(Settings(data_dir=tmp_path / "data"))

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
