"""Programs that pass for engines as long as nobody runs them."""

from pathlib import Path


def program(environment: Path, name: str, version: str | None) -> Path:
    """A program as pip installs it, with the notes that pip keeps;
    when it is run it leaves a file `has-run` beside itself.
    """
    path = environment / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch '{path.parent}/has-run'\nexit 1\n")
    path.chmod(0o755)
    if version is not None:
        (environment / "lib" / "python3.13" / "site-packages" / f"secantusdb-{version}.dist-info").mkdir(
            parents=True, exist_ok=True
        )
    return path
