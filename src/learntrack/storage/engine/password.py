"""The engine's password: its port is open to every user of the machine, so it asks for one.

Users are made while the engine does not ask yet, so a folder's first start is two: the engine comes up without a
password for as long as it takes to make the one user, on a port that nobody has been told of.
"""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from learntrack.storage.engine.folder import write_private

_USER = "learntrack"
_FILE = "engine-password"
_AUTHENTICATION_FAILED = 18
_UNAUTHORIZED = 13
_TIMEOUT_MS = 10_000


def stored(data_dir: Path) -> str | None:
    """The password of the engine on this folder, if it has one."""
    try:
        return (data_dir / _FILE).read_text().strip() or None
    except FileNotFoundError:
        return None


def make(data_dir: Path, port: int) -> str:
    """Give an engine that does not ask for a password yet one to ask for, and keep it beside the data."""
    password = secrets.token_urlsafe(32)
    with _client(uri(port)) as client:
        about_it: dict[str, Any] = {"pwd": password, "roles": ["root"]}
        users = client.admin.command("usersInfo", _USER)["users"]
        client.admin.command("updateUser" if users else "createUser", _USER, **about_it)
    write_private(data_dir / _FILE, password)
    return password


def opens(uri_with_password: str) -> bool:
    """Whether the engine takes the password; one that came with a copied folder may not fit what is stored."""
    try:
        with _client(uri_with_password) as client:
            client.admin.command("listDatabases", nameOnly=True)
    except OperationFailure as error:
        if error.code in (_AUTHENTICATION_FAILED, _UNAUTHORIZED):
            return False
        raise
    return True


def uri(port: int, password: str | None = None) -> str:
    """Where the engine on this port is to be spoken to."""
    who = f"{_USER}:{quote(password, safe='')}@" if password else ""
    return f"mongodb://{who}127.0.0.1:{port}/?directConnection=true" + ("&authSource=admin" if password else "")


def _client(address: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(address, serverSelectionTimeoutMS=_TIMEOUT_MS, socketTimeoutMS=_TIMEOUT_MS)
