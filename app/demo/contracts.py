"""The demo shop's contracts: an account with each carrier, and behind it the carrier's stand-in on loopback."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from httpx import AsyncClient, HTTPError

from app import accounts
from app.accounts import AddedAccount
from app.demo.journeys import JOURNEYS
from app.demo.parcels import DemoParcel, Tempo, history
from app.demo.serving import serving
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.dhl_unified import DhlUnified
from app.demo.stand_ins.fedex import FedexStandIn
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from app.demo.stand_ins.poste_italiane import PosteItaliane
from app.demo.stand_ins.ups import UpsStandIn
from app.installation import Installation
from app.shops import Shop
from carriers import carriers

STAND_INS: tuple[type[StandIn], ...] = (
    BrtStandIn,
    GlsItalyStandIn,
    PosteItaliane,
    DhlUnified,
    UpsStandIn,
    FedexStandIn,
)
TRIES = 5
"""How often a stand-in posts a push that is not acknowledged."""

log = structlog.get_logger()


@dataclass(slots=True)
class Contract:
    """A carrier's stand-in, the shop's account with it, and the parcels it carries; `unheard`: pushes that failed."""

    stand_in: StandIn
    account: AddedAccount
    parcels: Sequence[DemoParcel]
    unheard: int = 0

    @property
    def slug(self) -> str:
        """The carrier's."""
        return self.stand_in.slug


@asynccontextmanager
async def contracts(
    installation: Installation, shop: Shop, parcels: Sequence[DemoParcel], tempo: Tempo
) -> AsyncIterator[list[Contract]]:
    """An account with the sandbox and one with every stand-in, all of which serve for as long as the block lasts."""
    made = []
    async with AsyncExitStack() as stack:
        for kind in STAND_INS:
            mine = [parcel for parcel in parcels if parcel.carrier == kind.slug]
            stand_in = kind(history(mine, tempo, installation.database.now))
            url = await stack.enter_async_context(serving(stand_in.app()))
            account = await _account(installation, shop, kind.slug, dict(stand_in.credentials), url)
            made.append(Contract(stand_in, account, mine))
        await _account(installation, shop, "sandbox", {"speed": tempo.speed})
        yield made


async def _account(
    installation: Installation, shop: Shop, carrier: str, credentials: dict[str, object], base_url: str = ""
) -> AddedAccount:
    async with installation.database.transaction() as db:
        return await accounts.add(
            db,
            installation.sealer,
            shop.company_id,
            carrier,
            public_url=installation.settings.public_url,
            credentials=credentials,
            base_url=base_url,
        )


async def push_all(made: Sequence[Contract], tempo: Tempo) -> None:
    """Let those who push tell each step when it has taken place, over HTTP; returns when all is told."""
    async with AsyncClient(timeout=15) as http, asyncio.TaskGroup() as tasks:
        for contract in made:
            if carriers()[contract.slug].pushes:
                for parcel in contract.parcels:
                    tasks.create_task(_push_steps(http, contract, parcel, tempo))


async def _push_steps(http: AsyncClient, contract: Contract, parcel: DemoParcel, tempo: Tempo) -> None:
    for leg in JOURNEYS[parcel.journey]:
        due = tempo.after(parcel.after + leg.hours)
        # A moment later: the push tells the newest step that has taken place.
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 0.01)
        if not await _push(http, contract, parcel.number):
            contract.unheard += 1


async def _push(http: AsyncClient, contract: Contract, number: str) -> bool:
    """Whether the service has acknowledged the push of the number's newest step, at last."""
    push = contract.stand_in.push(number, contract.account.secret)
    if push is None:
        return True
    said = ""
    for tried in range(TRIES):
        await asyncio.sleep(tried)
        try:
            answer = await http.post(contract.account.hook_url, content=push.body, headers=dict(push.headers))
        except HTTPError as error:
            said = type(error).__name__
            continue
        if answer.is_success:
            return True
        said = str(answer.status_code)
    log.error("a push was not acknowledged", carrier=contract.slug, answer=said)
    return False
