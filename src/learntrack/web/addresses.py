"""Whose an address is, where callers are counted by it.

Whoever has one IPv6 address has all of its /64, and a device takes another one of them whenever it likes (RFC 6177,
RFC 8981); so a /64 counts as an IPv4 address does.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_PREFIX = 64


@lru_cache(4096)
def network_of(address: str) -> str:
    """What callers with this address are counted under.

    Args:
        address: As the server or a trusted proxy says it, perhaps with a zone; empty where there is none, as on a Unix
            socket.

    Returns:
        The address itself, the IPv4 one that is mapped into it, or its /64. What is no IP address stays as it is.

    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), _PREFIX), strict=False))
