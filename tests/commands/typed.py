"""A command as somebody types it, within this process: some twenty times as quick as a process of its own."""

import sys
from dataclasses import dataclass

import pytest

from learntrack.commands import main


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line that a command says what is in the way with."""
        [line] = self.err.splitlines()
        return line


class Terminal:
    """Types commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str, expect: int = 0, **settings: str) -> Said:
        with self._monkeypatch.context() as changed:
            changed.setattr(sys, "argv", ["learntrack", *arguments])
            for name, value in settings.items():
                changed.setenv(f"LEARNTRACK_{name}", value)
            self._capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        written = self._capsys.readouterr()
        said = Said(int(ended.value.code or 0), written.out, written.err)
        assert said.code == expect, said
        return said
