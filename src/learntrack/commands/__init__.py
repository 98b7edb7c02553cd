"""The `learntrack` command, a module a subject.

What a command needs is imported when it runs, so that `learntrack --help` does not wait for a driver it never uses.
"""

from typing import Annotated

import typer

from learntrack import __version__
from learntrack.commands import check, forget, importing, migrate, report, rollup, roster, serve, token
from learntrack.commands.terminal import fail

command = typer.Typer(
    help="learntrack records how learners use content, and answers their coaches' questions about it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for subject in (serve, token, report, rollup, check, migrate, forget, roster, importing):
    command.add_typer(subject.commands)


def main() -> None:
    """Run the command; what the user can mend is one line and exit code 2."""
    try:
        command()
    except Exception as error:
        from learntrack.storage import DatabaseUnavailable, StartError

        if not isinstance(error, StartError | DatabaseUnavailable):
            raise
        fail(str(error))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"learntrack {__version__}")
        raise typer.Exit


@command.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Settings are read from the environment (LEARNTRACK_…); the README lists them."""
