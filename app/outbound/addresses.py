"""Which addresses a shop may have us call, and to which of them we then connect.

A shop types an address; it must not make us reach what only we can reach (our own services, the cloud's metadata).
So its name is resolved once, every address it stands for must be a public one, and the connection goes to exactly an
address that was checked. One text answers every refusal: what does not exist and what is private look the same.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from app.errors import FieldError, InvalidInput
from app.settings import Network

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to the addresses it stands for, as text; OSError if it stands for none."""

PORTS = (443, 8443)
RESOLVE_SECONDS = 5.0
REFUSAL = (
    "the address cannot be used: it must be https:// on port 443 or 8443, without user name, and its name must exist "
    "and stand for public addresses alone (networks in NOVE_OUTBOUND_ALLOW are excepted)"
)

# `ipaddress.is_global` calls several of these global (NAT64, 6to4, relays, multicast), so the lists are our own.
_DENIED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers' NAT; some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public number, reached only from inside
        "169.254.0.0/16",  # link-local; the clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Global unicast is 2000::/3. All else is refused: loopback, mapped, compatible, NAT64, discard, SRv6 (5f00::/16),
# unique local, link-local, site-local, multicast.
_UNICAST_6 = IPv6Network("2000::/3")
_DENIED_6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the retired 6bone
        "3fff::/20",  # documentation
    )
)

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?")
# An address in another dress (2130706433, 0x7f.1, 127.1): a last label that is a number is never a name.
_NUMBER_LAST = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")


class AddressRefused(httpx.ConnectError):
    """The address is not one that a shop may have us call, or it does not exist: never said which."""

    def __init__(self) -> None:
        super().__init__(REFUSAL)


def denied(address: Address) -> bool:
    """Whether an address is not a public one."""
    if isinstance(address, IPv4Address):
        return any(address in network for network in _DENIED_4)
    return address not in _UNICAST_6 or any(address in network for network in _DENIED_6)


def allowed(address: Address, allow: Sequence[Network]) -> bool:
    """Whether the installation names the address in NOVE_OUTBOUND_ALLOW."""
    return any(address in network for network in allow)


def literal(host: str) -> Address | None:
    """The address that a host is, or none if it is a name; AddressRefused for one written in any unusual way."""
    if ":" in host or _NUMBER_LAST.fullmatch(host):
        try:
            address = ip_address(host)
        except ValueError:
            raise AddressRefused from None
        if isinstance(address, IPv6Address) and address.scope_id is not None:
            raise AddressRefused
        return address
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise AddressRefused
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A URL taken apart, before its name is resolved: `literal` if its host is an address, `public` if the scheme and
    the port are those of strangers."""

    url: httpx.URL
    host: str
    port: int
    public: bool
    literal: Address | None

    @property
    def name(self) -> str:
        """For the certificate."""
        return self.url.raw_host.decode("ascii").rstrip(".")

    async def addresses(self, allow: Sequence[Network], resolve: Resolve) -> list[Address]:
        """The addresses to connect to now, in the resolver's order, every one of them checked; AddressRefused.

        Plain http and odd ports are for addresses in `allow` only.
        """
        found = [self.literal] if self.literal else await _resolved(self.host.rstrip("."), self.port, resolve)
        if not found or not all(allowed(each, allow) or (self.public and not denied(each)) for each in found):
            raise AddressRefused
        return found


def place(url: httpx.URL) -> Place:
    """The URL taken apart; AddressRefused for one that stands for no place that could be called."""
    if url.scheme not in ("https", "http") or url.userinfo or not url.host:
        raise AddressRefused
    port = (443 if url.scheme == "https" else 80) if url.port is None else url.port
    if not 0 < port < 65536:
        raise AddressRefused
    host = url.raw_host.decode("ascii", "replace").lower()
    return Place(url, host, port, url.scheme == "https" and port in PORTS, literal(host))


async def checked(url: httpx.URL, allow: Sequence[Network], resolve: Resolve) -> list[Address]:
    """The addresses to connect to for a URL, every one of them checked; AddressRefused."""
    return await place(url).addresses(allow, resolve)


async def check_url(url: str, allow: Sequence[Network], resolve: Resolve | None = None) -> None:
    """Check an address that a shop typed, when it is saved; InvalidInput (`address_not_allowed`) if it cannot be used.

    It is checked again at every call: a name can stand for something else by then.
    """
    try:
        await checked(httpx.URL(url), allow, resolve or system_resolve)
    except (httpx.InvalidURL, AddressRefused, ValueError) as error:  # idna raises a ValueError of its own
        text = REFUSAL[0].upper() + REFUSAL[1:] + "."
        raise InvalidInput(text, [FieldError("url", text)], code="address_not_allowed") from error


async def system_resolve(host: str, port: int) -> list[str]:
    """What the machine's own resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [str(each[4][0]) for each in found]


async def _resolved(host: str, port: int, resolve: Resolve) -> list[Address]:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            return [ip_address(text) for text in await resolve(host, port)]
    except (OSError, UnicodeError, ValueError) as error:  # a TimeoutError is an OSError
        raise AddressRefused from error
