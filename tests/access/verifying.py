"""Whether a token is taken."""

from cryptography.hazmat.primitives.asymmetric import rsa

from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.errors import KeysUnavailable
from tests.support import new_id

RSA = rsa.generate_private_key(65537, 2048)
USER = new_id()


async def accepted(verifier: TokenVerifier, text: str, *, or_unchecked: bool = False) -> bool:
    try:
        await verifier.claims(text)
    except InvalidToken:
        return False
    except KeysUnavailable:
        assert or_unchecked
        return False
    return True
