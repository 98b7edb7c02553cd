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
