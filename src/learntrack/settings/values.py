"""What a setting's value must be beyond its type. Each function hands the value on, or says what is wrong with it."""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

SHORTEST_SECRET = 16
"""Characters that a secret has at the least."""


def long_secret(secret: SecretStr | None) -> SecretStr | None:
    """A secret that cannot be guessed."""
    if secret is not None and len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"Is too short: at least {SHORTEST_SECRET} characters.")
    return secret


def public_key(text: str | None) -> str | None:
    """A public key in PEM form; a backslash and an n may stand for the end of a line."""
    if text is None:
        return None
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    text = text.replace("\\n", "\n")
    try:
        load_pem_public_key(text.encode())
    except ValueError as error:
        raise ValueError("Is not a public key in PEM form.") from error
    return text


def http_address(text: str | None) -> str | None:
    """An address of the web."""
    if text is not None and not _is_web(text):
        raise ValueError("Is not an http or https address.")
    return text


def mongodb_uri(text: str | None) -> str | None:
    """An address of a MongoDB; what is behind the scheme the driver looks at."""
    if text is not None and not text.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("Is not a MongoDB URI: it begins with mongodb:// or mongodb+srv://.")
    return text


def networks(text: str) -> str:
    """Addresses and networks, comma-separated; or `*`."""
    for each in comma_separated(text):
        if each == "*":
            continue
        try:
            ip_network(each)
        except ValueError as error:
            raise ValueError(f"{each} is neither an IP address nor a network such as 10.0.0.0/8.") from error
    return text


def origins(text: str) -> str:
    """Origins, comma-separated: scheme, host and port, as a browser sends them; or `*`."""
    for each in comma_separated(text):
        if each != "*":
            origin(each)
    return text


def origin(text: str | None) -> str | None:
    """An origin: scheme, host and port."""
    if text is not None:
        parts = urlsplit(text) if _is_web(text) else None
        if parts is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError(f"{text} is not an origin such as https://app.example.")
    return text


def folder(path: Path | None) -> Path | None:
    """A folder that is there."""
    if path is not None and not path.is_dir():
        raise ValueError(f"{path} is not a folder.")
    return path


def program(path: Path | None) -> Path | None:
    """A program that can be run."""
    if path is not None and not (path.is_file() and os.access(path, os.X_OK)):
        raise ValueError(f"{path} is not a program that can be run.")
    return path


def comma_separated(text: str) -> list[str]:
    """What stands between the commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
