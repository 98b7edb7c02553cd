"""The `learntrack` command, a module a subject.

What a command needs is imported when it runs, so that `learntrack --help` does not wait for a driver it never uses.
"""

from typing import Annotated, Any, NoReturn, cast

import typer

from learntrack import __version__
from learntrack.commands import (
    backup,
    check,
    demo,
    export,
    forget,
    importing,
    migrate,
    report,
    retain,
    rollup,
    roster,
    serve,
    token,
)
from learntrack.commands.terminal import fail

command = typer.Typer(
    help="learntrack records how learners use content, and answers their coaches' questions about it.",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for subject in (serve, demo, token, report, export, rollup, check, migrate, forget, roster, importing, backup, retain):
    command.add_typer(subject.commands)


# typer's own errors of usage; its releases before 0.20 took click's, so that its place differs.
_UsageError: type[Exception] = cast(type[Exception], typer.BadParameter.__mro__[1])


def main() -> None:
    """Run the command; what the user can mend is one line and exit code 2."""
    try:
        code = command(standalone_mode=False)
    except _UsageError as error:
        _explain(error)
    except typer.Abort:
        code = 1
    except Exception as error:
        from learntrack.storage import DatabaseUnavailable, StartError

        if not isinstance(error, StartError | DatabaseUnavailable):
            raise
        fail(str(error))
    raise SystemExit(code)


def _explain(error: Any) -> NoReturn:
    """Say in one line what is wrong with a command line."""
    message = error.format_message().rstrip(".")
    if not message:  # a group by itself: its help has been printed
        raise SystemExit(error.exit_code)
    fail(f"{message}{'' if message.endswith('?') else '.'} `{error.ctx.command_path} --help` says what it takes.")


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
