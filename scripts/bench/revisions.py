"""Revisions of the service, to be measured side by side."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def source(revision: str) -> Iterator[dict[str, str]]:
    """The environment in which a revision runs: a git revision, or `.` for the working tree, and `,NAME=VALUE` for
    each variable that it is to have besides.
    """
    name, *variables = revision.split(",")
    environment = dict(each.split("=", 1) for each in variables)
    if name == ".":
        yield environment | {"PYTHONPATH": str(ROOT / "src")}
        return
    with tempfile.TemporaryDirectory(prefix="learntrack-compare-") as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", folder, name], check=True)
        try:
            yield environment | {"PYTHONPATH": str(Path(folder) / "src")}
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)
