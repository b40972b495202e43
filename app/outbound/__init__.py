"""Everything that leaves by HTTP: one client, guarded, in three uses.

`carrier_client` for carriers, whose addresses come from code; `guarded_client` for addresses that a shop typed, and
`poster` for the many webhooks that go to such addresses.
Neither follows redirects, reads the environment's proxies or keeps cookies; each bounds time and size.
"""

import ssl
from collections.abc import Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from app.outbound.addresses import REFUSAL, AddressRefused, Resolve, check_url, system_resolve
from app.outbound.decoding import ACCEPTED
from app.outbound.posting import AGENT, Answer, Poster
from app.outbound.transport import CONNECT_SECONDS, GuardedTransport, Transport
from app.settings import Network
from carriers.reading import MAX_BODY

__all__ = [
    "REFUSAL",
    "AddressRefused",
    "Answer",
    "Poster",
    "Resolve",
    "carrier_client",
    "check_url",
    "guarded_client",
    "poster",
    "system_resolve",
]

ATTEMPT_SECONDS = 15.0
CARRIER_SECONDS = 20.0
RECEIVED_BYTES = 16 * 1024


def carrier_client(*, seconds: float = CARRIER_SECONDS, tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """A client for carriers: no filter on addresses; `seconds` for a whole call, answers up to 4 MiB unpacked.

    A longer answer, or one packed like a bomb, raises httpx.DecodingError.
    """
    transport = Transport(seconds=seconds, limit=MAX_BODY, cut=False, tls=tls)
    return _client(transport, seconds, ACCEPTED)


def guarded_client(
    allow: Sequence[Network] = (),
    *,
    seconds: float = ATTEMPT_SECONDS,
    resolve: Resolve = system_resolve,
    tls: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """A client for addresses that a shop typed: public ones by https on port 443 or 8443, or any in `allow`.

    Raises AddressRefused (a httpx.ConnectError) for any other; of an answer the first 16 KiB are read.
    """
    transport = GuardedTransport(allow, resolve, seconds=seconds, limit=RECEIVED_BYTES, tls=tls)
    return _client(transport, seconds, "identity")


def poster(
    allow: Sequence[Network] = (),
    *,
    seconds: float = ATTEMPT_SECONDS,
    resolve: Resolve = system_resolve,
    tls: ssl.SSLContext | None = None,
) -> Poster:
    """What posts webhooks: bounded and refused as by the `guarded_client`."""
    return Poster(allow, resolve, seconds=seconds, limit=RECEIVED_BYTES, tls=tls)


def _client(transport: httpx.AsyncBaseTransport, seconds: float, encodings: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        headers={"accept-encoding": encodings, "user-agent": AGENT},
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
