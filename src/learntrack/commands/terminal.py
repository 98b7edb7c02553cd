"""What commands say on the terminal."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from rich.progress import Progress

_USAGE = 2


def fail(message: str) -> NoReturn:
    """End with exit code 2 and a message in one line on stderr."""
    print(f"learntrack: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(_USAGE)


@contextmanager
def failures_in_a_line(file: Path | None = None) -> Iterator[None]:
    """End the command where something is refused, or a file cannot be used: `file`, unless the system names another."""
    from learntrack.errors import Refusal

    try:
        yield
    except Refusal as refusal:
        fail(refusal.detail)
    except BrokenPipeError:  # who reads has enough, as `head` has; nor may the interpreter's last flush complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        fail(f"{error.filename or file}: {error.strerror}")


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Take a SIGTERM for a Ctrl-C, so that what is open is closed, and temporary files go."""
    if threading.current_thread() is not threading.main_thread():  # which alone is told of signals
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def user_id_of(text: str) -> str:
    """The id of a user as it is stored; a text that is no UUID ends the command."""
    from learntrack.domain.ids import parse_id

    try:
        return parse_id(text)
    except ValueError:
        fail(f"{text} is not a UUID.")


def counts_in_a_line(counts: Mapping[str, int], nothing: str) -> str:
    """Counts by name in one line, `3 users, 1 facilities`; `nothing` where all are 0."""
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count) or nothing


def progress_bar(*, with_end: bool = True) -> "Progress":
    """A progress bar on stderr, invisible where that is no terminal.

    Args:
        with_end: Whether it is known, now or later, how much there is to do.

    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    counted = (MofNCompleteColumn(), TimeRemainingColumn()) if with_end else (TextColumn("{task.completed}"),)
    columns = (TextColumn("{task.description}"), BarColumn(), *counted)
    return Progress(*columns, console=console, disable=not console.is_terminal)
