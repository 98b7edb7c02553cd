"""The secret that signs tokens where nobody has configured one: made once and kept beside the data."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from learntrack.settings import Settings
from learntrack.settings.environment import content_of
from learntrack.settings.values import long_secret
from learntrack.storage import StartError

_FILE = "jwt-secret"


def with_secret(settings: Settings, *, create: bool = True) -> Settings:
    """The settings, completed on the embedded engine with the secret in the data folder.

    Raises:
        StartError: there is no secret, and none may be made (with a URI it must be configured); or it is cut off, as a
            full disk leaves it, and could be guessed.

    """
    if settings.jwt_secret or settings.jwt_public_key or settings.jwks_url or settings.mongodb_uri is not None:
        return settings
    path = settings.data_dir / _FILE
    if not path.exists():
        if not create:
            raise StartError(
                f"There is no secret in {settings.data_dir}: start the service once, or set LEARNTRACK_JWT_SECRET."
            )
        _make(path)
    try:
        secret = long_secret(SecretStr(content_of(path)))
    except ValueError as error:
        raise StartError(
            f"The secret in {settings.data_dir} cannot be used: {error} Without the file a new one is made, and tokens "
            "signed with the old one are refused."
        ) from error
    return settings.model_copy(update={"jwt_secret": secret})


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartError(f"The data folder {path.parent} cannot be used: {error.strerror}.") from error
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another start was faster
    except OSError as error:
        raise StartError(f"The data folder {path.parent} cannot be used: {error.strerror}.") from error
    with os.fdopen(file, "w") as out:
        out.write(secrets.token_urlsafe(48) + "\n")
