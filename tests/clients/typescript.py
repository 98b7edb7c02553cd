"""The client in TypeScript, built once for all tests that use it, beside npm's packages that scripts/test installs."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "clients" / "typescript"
NODE_MODULES = ROOT / ".venv" / "node" / "node_modules"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def tool(name: str) -> str:
    """A program of npm's."""
    found = NODE_MODULES / ".bin" / name
    if not found.exists() or not (NODE_MODULES / "idb").exists():
        pytest.skip(f"{name} or idb is not installed (scripts/test installs them where there is npm)")
    return str(found)


def run(*command: str, where: Path, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=where, env=os.environ | environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built() -> Path:
    """The folder of the package with `dist`, as it would be published, and `build/test`, its tests.

    Compiled together, since a compiler takes seconds to start; `dist` is made as the package's own build makes it.
    """
    compiler, minifier = tool("tsc"), tool("esbuild")
    build = json.loads((SOURCE / "package.json").read_text())["scripts"]["build"]
    flags = [word for word in build.split() if word.startswith("--") and word != "--emitDeclarationOnly"]
    files = sorted(file for name in ("*.json", "src/*.ts", "test/*.ts") for file in SOURCE.glob(name))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = NODE_MODULES.parent / f"learntrack-client-{digest}"  # where it finds npm's packages
    if not folder.exists():
        making = Path(tempfile.mkdtemp(dir=folder.parent))
        for file in files:
            (making / file.relative_to(SOURCE)).parent.mkdir(exist_ok=True)
            shutil.copy(file, making / file.relative_to(SOURCE))
        run(compiler, "--project", "tsconfig.test.json", where=making)
        run(minifier, *(f"src/{file.name}" for file in files if file.parent.name == "src"), *flags, where=making)
        try:
            making.rename(folder)
        except OSError:
            shutil.rmtree(making)  # another test was quicker
    return folder


def modules(into: Path) -> Path:
    """The client and idb as files that a page or a worker can import without a bundler."""
    shutil.copytree(built() / "dist", into)
    shutil.copy(NODE_MODULES / "idb" / "build" / "index.js", into / "idb.js")
    queue = into / "indexeddb_queue.js"
    queue.write_text(queue.read_text().replace('"idb"', '"./idb.js"'))
    return into
