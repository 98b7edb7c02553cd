"""The engine's password: where it is kept, and how it stands in an address."""

from pathlib import Path

import pytest
from pymongo.uri_parser import parse_uri

from learntrack.storage.engine import password


@pytest.mark.parametrize(("kept", "read"), [(None, None), ("", None), (" \n", None), ("secret\n", "secret")])
def test_an_empty_file_is_no_password(tmp_path: Path, kept: str | None, read: str | None) -> None:
    if kept is not None:
        (tmp_path / "engine-password").write_text(kept)

    assert password.stored(tmp_path) == read


@pytest.mark.parametrize("secret", ["plain", "a/b?c@d:e%f"])
def test_a_password_stands_in_the_address_whatever_it_has(secret: str) -> None:
    found = parse_uri(password.uri(27017, secret))

    assert (found["username"], found["password"], found["nodelist"]) == ("learntrack", secret, [("127.0.0.1", 27017)])
    assert found["options"]["authSource"] == "admin"
    assert parse_uri(password.uri(27017))["username"] is None
