"""Which engine is installed, on indexes from which releases have been yanked or have disappeared."""

import os
import shutil
import subprocess
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pip = pytest.importorskip("pip", reason="this environment has no pip of its own")
ROOT = Path(__file__).parent.parent.parent
TAG = "py3-none-any"


class Index:
    """A package index in a folder, in which SecantusDB has the releases of the test."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python
        self.links: list[str] = []

    def release(self, version: str, *, yanked: bool = False) -> None:
        name = f"secantusdb-{version}-{TAG}.whl"
        notes = f"secantusdb-{version}.dist-info"
        with zipfile.ZipFile(self._page() / name, "w") as wheel:
            wheel.writestr(f"{notes}/METADATA", f"Metadata-Version: 2.1\nName: SecantusDB\nVersion: {version}\n")
            wheel.writestr(f"{notes}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {TAG}\n")
            wheel.writestr(f"{notes}/RECORD", "")
            wheel.writestr(f"secantusdb-{version}.data/scripts/secantusd-rs", "")
        self.links.append(f'<a href="{name}"{" data-yanked=" + chr(34) + chr(34) if yanked else ""}>{name}</a>')

    def source_only(self, version: str) -> None:
        name = f"secantusdb-{version}.tar.gz"
        (self._page() / name).write_bytes(b"")
        self.links.append(f'<a href="{name}">{name}</a>')

    def install(self, *which: str, expect: int = 0) -> list[str]:
        """What the script says."""
        (self._page() / "index.html").write_text(
            "<!DOCTYPE html><html><body>" + "\n".join(self.links) + "</body></html>"
        )
        done = subprocess.run(
            [str(self.python), str(ROOT / "scripts" / "install-engine"), *which],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expect, done.stderr
        return done.stderr.splitlines()

    def _page(self) -> Path:
        page = self.folder / "secantusdb"
        page.mkdir(exist_ok=True)
        return page

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        return kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": self.folder.as_uri()}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the pip of this one, since to install another takes seconds."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python, here = folder / "bin" / "python", Path(pip.__file__).parent
    for part in (here, *here.parent.glob("pip-*.dist-info")):
        (_packages(python) / part.name).symlink_to(part)
    return python


def _packages(python: Path) -> Path:
    [folder] = python.parent.parent.glob("lib/python*/site-packages")
    return folder


@pytest.fixture
def index(tmp_path: Path, python: Path) -> Iterator[Index]:
    yield Index(tmp_path, python)
    for notes in _packages(python).glob("secantusdb-*"):
        shutil.rmtree(notes)
    python.with_name("secantusd-rs").unlink(missing_ok=True)


def test_the_rust_server_that_is_known_best_comes_first(index: Index) -> None:
    for version in ("0.5.3b199", "0.6.0b17", "0.7.0b3"):
        index.release(version)

    assert index.install() == ["The embedded engine is SecantusDB 0.6.0b17."]


def test_a_yanked_release_is_taken_all_the_same(index: Index) -> None:
    index.release("0.5.3b199")
    index.release("0.6.0b17", yanked=True)
    index.release("0.7.0b3", yanked=True)

    assert index.install() == ["The embedded engine is SecantusDB 0.6.0b17."]


def test_its_successor_where_it_has_gone(index: Index) -> None:
    index.release("0.5.3b199")
    index.release("0.7.0b3")

    why, taken = index.install()

    assert why.startswith("SecantusDB==0.6.0b17 cannot be installed: ")
    assert "0.5.3b199 to 0.7.0b3" in why
    assert taken == "The embedded engine is SecantusDB 0.5.3b199."


def test_the_python_server_where_no_rust_one_is_left(index: Index) -> None:
    index.release("0.5.3b7")
    index.release("0.7.0b3")

    *why, taken = index.install()

    assert [line.split()[0] for line in why] == ["SecantusDB==0.6.0b17", "SecantusDB>=0.5.3b196,<0.6"]
    assert taken == "The embedded engine is SecantusDB 0.7.0b3."


def test_none_at_all(index: Index) -> None:
    *why, last = index.install(expect=1)

    assert len(why) == 3
    assert "set LEARNTRACK_MONGODB_URI" in last


def test_nothing_is_built_from_source(index: Index) -> None:
    index.source_only("0.6.0b17")

    assert "cannot be installed" in index.install(expect=1)[0]


def test_what_is_installed_stays_when_a_better_one_comes_back(index: Index) -> None:
    index.release("0.5.3b199")
    index.install()
    index.release("0.6.0b17")

    assert index.install() == ["The embedded engine is SecantusDB 0.5.3b199, as before."]


def test_an_installation_that_was_interrupted_is_made_whole(index: Index) -> None:
    index.release("0.6.0b17")
    index.install()
    program = index.python.with_name("secantusd-rs")
    program.unlink()

    assert index.install() == ["The embedded engine is SecantusDB 0.6.0b17."]
    assert program.exists()


def test_one_by_its_name(index: Index) -> None:
    index.release("0.6.0b17")
    index.release("0.7.0b3")

    assert index.install("embedded-python") == ["The embedded engine is SecantusDB 0.7.0b3."]
