"""`learntrack serve`."""

from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="LEARNTRACK_HOST")] = None,
    port: Annotated[
        int | None,
        typer.Option(help="The port to listen on; 0 takes a free one.", show_default="LEARNTRACK_PORT"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many worker processes.", show_default="LEARNTRACK_WORKERS")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Load a small demo school and print commands to try.")] = False,
) -> None:
    """Start the service.

    With LEARNTRACK_MONGODB_URI it uses that MongoDB, else its own embedded engine with its data in LEARNTRACK_DATA_DIR.
    Ctrl-C or SIGTERM stops everything.
    """
    from learntrack.commands.connected import configured
    from learntrack.serving.server import Server

    Server(configured(host=host, port=port, workers=workers), demo=demo).run()
