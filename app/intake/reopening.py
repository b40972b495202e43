"""The shop says that the carrier is wrong, and names several that it may be: the search among them begins anew.

What was said under the name it had is kept beside it, as with a correction, and the candidates of before are former.
"""

from collections.abc import Sequence

from app.database import Session
from app.errors import FieldError, InvalidInput
from app.installation import Installation
from app.intake.concerning import hold_number
from app.intake.correcting import begin_anew
from app.intake.numbering import checked, generation
from app.intake.refusing import refuse_change
from app.intake.renaming import carriers_word, move
from app.intake.searching import first_of, search, unsettled
from app.shipments import history, names
from app.shipments.amended import AmendedShipment
from app.shipments.names import Name, Role
from app.shipments.shipment import Identity, Shipment


async def reopen(
    installation: Installation, db: Session, before: Shipment, posted: AmendedShipment, possible: Sequence[str]
) -> Shipment:
    """The shipment, whose row is locked, with these candidates, none settled; the same again changes nothing.

    InvalidInput without a number, or with legs; Conflict if another shipment of the company goes by that number.
    """
    known = await names.of(db, before)
    given = posted.tracking_number or before.tracking_number
    if given is None:
        raise _wrong("tracking_number", "give it, too: by a sender_reference alone, one carrier is asked")
    if posted.legs or any(each.role is Role.LEG for each in known):
        raise _wrong("carriers", "it has legs: send the `carrier` of the first one, or take them away first")
    number, *_ = [checked(given, slug) for slug in possible]
    candidates = [each.carrier for each in known if each.role is Role.CANDIDATE]
    if unsettled(before) and (candidates, number) == (list(possible), before.tracking_number):
        return before
    first = await first_of(db, before.company_id, possible)
    await refuse_change(installation, db, before._replace(carrier=first), posted, number=number)
    for slug in sorted(possible):
        await hold_number(db, before.company_id, slug, number)
    nth = await generation(db, before, first, number, of_company=True)
    events = await history.of(db, before)
    await _set_aside(db, before, known)
    after = before._replace(
        carrier=first,
        tracking_number=number,
        generation=nth,
        identity=Identity.UNSETTLED,
        account_id=None,
        last_news_at=db.now,
        begins_after=None,
        recycled_at=None,
        **carriers_word(before),
    )
    await search(db, after, possible)
    return await begin_anew(installation, db, before, after, events)


async def _set_aside(db: Session, before: Shipment, known: Sequence[Name]) -> None:
    """The name that it has becomes a former one, with what was said of it; so do the candidates that were tried."""
    here = next((each for each in known if each.role is Role.CANDIDATE and each.is_of(before)), None)
    here = here or names.former(before, known)
    await names.put(db, here._replace(role=Role.FORMER, until=db.now, begins_after=before.begins_after))
    await move(db, before.company_id, before.id, here.id)
    for each in known:
        if each.role is Role.CANDIDATE and each.id != here.id:
            left = each._replace(role=Role.FORMER, until=each.until or db.now)
            await (names.put(db, left) if each.came_of() else names.drop(db, each))


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}", [FieldError(field, message)])
