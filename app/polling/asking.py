"""One call to a carrier about a batch: what is asked, and what follows from an answer or the lack of one."""

import structlog
from httpx import AsyncClient

from app import failpoints
from app.arrivals import keeping
from app.installation import Installation
from app.polling import notes, writing
from app.polling.answers import Brought, read_answers
from app.polling.calling import CALL_SECONDS, Question, asked_as, called
from app.polling.claiming import Batch
from app.polling.taking import Answered, Answers
from carriers import carriers
from carriers.asking import ask
from carriers.base import Answer, CarrierError, RequestRefused, UnreadablePayload

log = structlog.get_logger()


async def ask_about(
    installation: Installation, http: AsyncClient, batch: Batch, taker: Answers, seconds: float = CALL_SECONDS
) -> bool:
    """Ask about the batch and write down what came of it; whether the account may go on asking."""
    if not carriers()[batch.account.carrier].polls:  # it is not asked itself: only about later legs, by other accounts
        await writing.pass_over(installation, batch)
        return True
    try:
        answers = await called(installation, batch, seconds, question(installation, http, batch))
    except RequestRefused as error:
        if len(batch.shipments) == 1:
            await writing.write_off(installation, batch, notes.refused(error))
        else:
            await writing.ask_alone(installation, batch)
        return True
    except UnreadablePayload as error:
        await writing.write_off(installation, batch, f"{notes.UNREADABLE}: {error}")
        return True
    except CarrierError as error:
        await writing.fail(installation, batch, error)
        return False
    except Exception:
        log.exception("an adapter broke while asking", carrier=batch.account.carrier, account_id=str(batch.account.id))
        await writing.write_off(installation, batch, notes.INTERNAL)
        return True
    failpoints.reach(failpoints.POLL_ANSWERED)
    received_at = installation.database.now()
    async with installation.database.reading() as db:
        latest = await keeping.latest(db, batch.account.company_id, [shipment.id for shipment in batch.shipments])
    brought = read_answers(batch, answers, latest, received_at)
    _count(installation, batch, brought)
    await taker.take(Answered(batch, brought, received_at))
    failpoints.reach(failpoints.POLL_WRITTEN)
    return True


def _count(installation: Installation, batch: Batch, brought: Brought) -> None:
    """How many parcels the answer was about, and how many of them the carrier does not know."""
    unknown = {part.shipment_id for part in brought.new if part.parcel is not None and part.parcel.not_found}
    unknown |= {each.id for each in batch.shipments if each.id in brought.again and each.not_found}
    mine, asked = (batch.account.company_id, batch.account.id), len(batch.shipments)
    installation.tally.told(*mine, installation.database.now(), asked, len(unknown))
    installation.metrics.asked.add(batch.account.carrier, "not_found", number=len(unknown))
    installation.metrics.asked.add(batch.account.carrier, "found", number=asked - len(unknown))


def question(installation: Installation, http: AsyncClient, batch: Batch) -> Question[list[Answer]]:
    """What is asked about the batch."""
    asked = carriers()[batch.account.carrier]
    numbers = [asked_as(shipment, shipment.number, asked) for shipment in batch.shipments]
    key = str(batch.account.id)
    return lambda carrier, account: ask(carrier, http, account, numbers, tokens=installation.tokens, key=key)
