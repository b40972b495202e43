"""A carrier says under which number the next one has the parcel: a leg for each that it can be.

Those are carriers with which the company has a contract and whose numbers look like it. None is taken on trust: until
one of them says something that can be this parcel's, the leg counts for nothing, and the words of those before it are
the last ones; then the others are none any more.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from app import accounts
from app.database import Session
from app.errors import Conflict
from app.installation import Installation
from app.intake.handing import askable
from app.intake.numbering import generation
from app.intake.renaming import rewrite
from app.intake.searching import evidence, settle_on, unsettled
from app.shipments import names
from app.shipments.names import Name, Role
from app.shipments.posting import NUMBER
from app.shipments.shipment import Identity, Shipment
from carriers import candidates
from carriers.event import Parcel

ALIKE = 3
"""Carriers that are asked about an announced number whose carrier is not said."""


async def announced(
    installation: Installation, db: Session, shipment: Shipment, known: Sequence[Name], number: str
) -> tuple[Shipment, Sequence[Name]]:
    """The shipment and its names with the legs that follow from the number, which another carrier has it under."""
    number = number.replace(" ", "").upper()
    if not NUMBER.fullmatch(number) or shipment.tracking_number in (None, number) or unsettled(shipment):
        return shipment, known
    if any(each.tracking_number == number for each in known):
        return shipment, known
    legs = [each for each in known if each.role is Role.LEG]
    first = names.leg(shipment, shipment.carrier, shipment.tracking_number, 0, db.now)
    before = legs or [first._replace(settled_at=db.now)]
    position = max(each.position for each in before) + 1
    made = [
        names.leg(shipment, slug, number, position, db.now)._replace(outcome=f"announced by {shipment.carrier}")
        for slug in await _alike(db, shipment, number)
    ]
    if not made:
        return shipment, known
    for leg in (*(() if legs else before), *made):
        await names.put(db, leg)
    after = shipment._replace(identity=Identity.NAMED)
    if after.next_poll_at is None and not after.status.final and await askable(db, after, made):
        account_id = after.account_id or await _account(installation, db, after)
        after = after._replace(account_id=account_id, next_poll_at=db.now, poll_note="")
    await rewrite(db, shipment, after)
    return after, [*known, *(() if legs else before), *made]


async def _account(installation: Installation, db: Session, shipment: Shipment) -> UUID:
    """By whose account the shipment is due, though its carrier is not asked: the company's, or one made for that."""
    company_id, slug = shipment.company_id, shipment.carrier
    if mine := await accounts.of_company(db, company_id, slug):
        return mine[0].id
    public_url = installation.settings.public_url
    return (await accounts.add(db, installation.sealer, company_id, slug, public_url=public_url)).account.id


async def _alike(db: Session, shipment: Shipment, number: str) -> list[str]:
    mine = {each.carrier for each in await accounts.of_company(db, shipment.company_id)} - {shipment.carrier}
    alike = [each.carrier.slug for each in candidates(number) if each.likeness.check_digit is not False]
    found = []
    for slug in [each for each in alike if each in mine][:ALIKE]:
        with suppress(Conflict):  # it is another shipment of the company
            await generation(db, shipment, slug, number, of_company=True)
            found.append(slug)
    return found


async def confirmed(
    db: Session, shipment: Shipment, known: Sequence[Name], leg: Name, parcel: Parcel
) -> Sequence[Name] | None:
    """The shipment's names, now that an announced leg's carrier has told of this; none if that proves nothing."""
    fits, words = evidence(shipment, parcel, db.now)
    if not fits:
        await names.note(db, leg, words)
        return None
    settled = await settle_on(db, leg, words)
    rivals = [
        each._replace(role=Role.FORMER, until=db.now)
        for each in known
        if each.role is Role.LEG and each.settled_at is None and each.tracking_number == leg.tracking_number
        if each.id != leg.id
    ]
    for rival in rivals:
        await names.put(db, rival)
    now = {each.id: each for each in (*known, *rivals, settled)}
    return list(now.values())
