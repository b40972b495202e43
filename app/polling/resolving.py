"""A shipment without number: its carrier is asked for it, by the sender's reference; then it is asked about."""

import structlog
from httpx import AsyncClient

from app import leases, shops
from app.errors import NoveError, Refused
from app.installation import Installation
from app.intake.posting import change
from app.polling import health, notes, writing
from app.polling.calling import asked_as, called
from app.polling.claiming import Batch
from app.shipments.posting import ChangedShipment
from app.shipments.tables import shipments
from carriers import carriers
from carriers.asking import resolve
from carriers.base import AmbiguousReference, CarrierError, RequestRefused, UnreadablePayload

log = structlog.get_logger()


async def find_number(installation: Installation, http: AsyncClient, batch: Batch, seconds: float) -> bool:
    """Ask for the number of the batch's one shipment, and give it that; whether the account may go on asking."""
    [shipment] = batch.shipments
    asked, key = carriers()[batch.account.carrier], str(batch.account.id)
    reference = asked_as(shipment, shipment.sender_reference or "", asked)
    try:
        number = await called(
            installation,
            batch,
            seconds,
            lambda carrier, account: resolve(carrier, http, account, reference, tokens=installation.tokens, key=key),
        )
        name = carriers()[batch.account.carrier].name
        await _take(installation, batch, number, f"{name} knows no parcel by the reference {reference!r} yet")
    except (AmbiguousReference, RequestRefused, UnreadablePayload) as error:
        await _take(installation, batch, "", str(error))
    except CarrierError as error:
        await writing.fail(installation, batch, error)
        return False
    except NoveError:
        raise
    except Exception:
        log.exception("a number could not be found", carrier=batch.account.carrier, account_id=key)
        await _take(installation, batch, "", notes.INTERNAL)
    return True


async def _take(installation: Installation, batch: Batch, number: str, reason: str) -> None:
    """Give the shipment its number, so that it is due at once; or say why it has none, and when that is tried again.

    The shop may have sent the number meanwhile: then that is its number.
    """
    async with installation.database.transaction() as db:
        [held] = await writing.still_held(db, [batch])
        for shipment in held.values():
            numbered = shipment.tracking_number is not None
            if number and not numbered:
                shop = await shops.get(db, shipment.company_id, shipment.shop_id)
                try:
                    await change(installation, db, shop, shipment, ChangedShipment(), number=number)
                    numbered = True
                except Refused as error:
                    reason = error.detail
            if numbered:
                await leases.release(db, shipments, [shipment])
            else:
                await writing.schedule(installation, db, [(shipment, notes.unresolved(reason))])
        await health.succeeded(db, [batch])
