"""What a setting may be beyond its type."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from learntrack.settings import values

GOOD: list[tuple[Callable[[Any], Any], Any]] = [
    (values.long_secret, SecretStr("x" * 16)),
    (values.http_address, "http://provider:8080/keys?x=1"),
    (values.http_address, "https://[::1]/"),
    (values.mongodb_uri, "mongodb+srv://cluster.example/learntrack"),
    (values.networks, "10.0.0.0/8, ::1,*"),
    (values.networks, ""),
    (values.origins, "https://app.example, http://localhost:5173,*"),
    (values.origin, "https://app.example:8443"),
    (values.folder, Path(__file__).parent),
    (values.program, Path(sys.executable)),
]
BAD: list[tuple[Callable[[Any], Any], Any, str]] = [
    (values.long_secret, SecretStr("x" * 15), "Is too short: at least 16 characters."),
    (values.public_key, "-----BEGIN PUBLIC KEY-----\\nx", "Is not a public key in PEM form."),
    (values.http_address, "ftp://x/", "Is not an http or https address."),
    (values.http_address, "https://", "Is not an http or https address."),
    (values.http_address, "http://x:99999/", "Is not an http or https address."),
    (values.mongodb_uri, "mongo://x", "Is not a MongoDB URI"),
    (values.networks, "10.0.0.1,lan", "lan is neither an IP address nor a network"),
    (values.networks, "10.0.0.1/8", "10.0.0.1/8 is neither an IP address nor a network"),
    (values.origins, "https://a.example,https://b.example/app", "https://b.example/app is not an origin"),
    (values.origin, "https://app.example/", "https://app.example/ is not an origin"),
    (values.origin, "https://me@app.example", "https://me@app.example is not an origin"),
    (values.origin, "app.example", "app.example is not an origin"),
    (values.folder, Path(__file__), "is not a folder."),
    (values.program, Path(__file__), "is not a program that can be run."),
    (values.program, Path("/nowhere"), "/nowhere is not a program that can be run."),
]
MAY_BE_NONE = (
    *(values.long_secret, values.public_key, values.http_address, values.mongodb_uri),
    *(values.origin, values.folder, values.program),
)


@pytest.mark.parametrize(("look", "value"), GOOD)
def test_what_is_right_is_handed_on_as_it_is(look: Callable[[Any], Any], value: Any) -> None:
    assert look(value) is value


@pytest.mark.parametrize(("look", "value", "why"), BAD)
def test_what_is_wrong_is_said(look: Callable[[Any], Any], value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        look(value)

    assert why in str(refused.value)


@pytest.mark.parametrize("look", MAY_BE_NONE)
def test_what_is_not_set_is_right(look: Callable[[Any], Any]) -> None:
    assert look(None) is None


def test_the_empty_parts_of_a_list_are_none() -> None:
    assert values.comma_separated(" a, ,b,") == ["a", "b"]
