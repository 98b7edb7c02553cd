"""What the environment says of each setting: its value, or a file that holds it; and what cannot be meant.

`LEARNTRACK_JWT_SECRET_FILE=/run/secrets/jwt` is for secrets, which in a variable everybody sees who may look at the
process or the container. It goes with every setting.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "LEARNTRACK_"
_FILE = "_FILE"
_MOST_CHARACTERS = 2**16
"""Characters in a file: far more than any key has, and an end to a device that has none."""
_NOT_OURS = {"VENV", "PYTHON", "SECRETS", "PUBLISHED_ADDRESS", "PUBLISHED_PORT", "VERSION", "TEST_MONGODB_URI"}
"""Variables of this prefix that are for the scripts, the compose file and the tests."""


@dataclass(frozen=True)
class FromEnvironment:
    """What the environment says: values by the setting's name; and a line for each variable that cannot be meant."""

    values: dict[str, str]
    faults: list[str]


class EnvironmentAndFiles(PydanticBaseSettingsSource):
    """Settings from the environment and the files that it names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The setting's value, its name, and that it needs no decoding."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Every setting that has a value."""
        return dict(read_environment(self.settings_cls.model_fields).values)


def read_environment(names: Iterable[str]) -> FromEnvironment:
    """What the environment says of the settings of these names.

    A fault is a variable that is set but empty, that no setting has the name of, that is beside its own `_FILE`, or
    whose file cannot be read.
    """
    ours = {f"{PREFIX}{name.upper()}": name for name in names}
    values: dict[str, str] = {}
    faults: list[str] = []
    for variable, text in sorted(os.environ.items()):
        if not variable.upper().startswith(PREFIX) or variable.removeprefix(PREFIX) in _NOT_OURS:
            continue
        setting = ours.get(variable) or ours.get(variable.removesuffix(_FILE))
        if setting is None:
            faults.append(f"{variable}: {_no_such(variable, ours)}")
        elif not text.strip():
            faults.append(f"{variable}: Is set but empty; give it a value or leave it away.")
        elif variable in ours:
            values[setting] = text
        elif os.environ.get(variable.removesuffix(_FILE)):
            faults.append(f"{variable}: {variable.removesuffix(_FILE)} is set too; leave one of them away.")
        else:
            try:
                values[setting] = content_of(Path(text))
            except ValueError as error:
                faults.append(f"{variable}: {error}")
    return FromEnvironment(values, faults)


def content_of(file: Path) -> str:
    """The text in a file, without white space around it.

    Raises:
        ValueError: there is none.

    """
    try:
        with file.open() as opened:
            text = opened.read(_MOST_CHARACTERS + 1).strip()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"{file} is no text.") from error
    if not text:
        raise ValueError(f"{file} is empty.")
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"{file} is too large for a setting.")
    return text


def _no_such(variable: str, ours: Iterable[str]) -> str:
    ending = _FILE if variable.upper().endswith(_FILE) else ""
    near = get_close_matches(variable.upper().removesuffix(ending), ours, n=1)
    return "There is no such setting" + (f"; did you mean {near[0]}{ending}?" if near else ".")
