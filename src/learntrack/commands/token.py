"""`learntrack token`."""

from datetime import timedelta
from typing import Annotated

import typer

from learntrack.commands.terminal import fail, user_id_of

commands = typer.Typer()


@commands.command()
def token(
    user: Annotated[str, typer.Argument(help="The user's id (a UUID).")],
    superuser: Annotated[bool, typer.Option("--superuser", help="The token of a superuser.")] = False,
    ttl: Annotated[int, typer.Option(help="Seconds until it expires.", min=1)] = 24 * 3600,
) -> None:
    """Print a token for USER, signed with LEARNTRACK_JWT_SECRET or the secret in the data folder."""
    from learntrack.access.secrets import with_secret
    from learntrack.access.tokens import issue
    from learntrack.commands.connected import configured

    settings = with_secret(configured(), create=False)
    user_id = user_id_of(user)
    if settings.jwt_secret is None:
        fail("Tokens are signed elsewhere: this service only has a public key.")
    secret = settings.jwt_secret.get_secret_value()
    print(issue(secret, user_id, superuser=superuser, ttl=timedelta(seconds=ttl), settings=settings))
