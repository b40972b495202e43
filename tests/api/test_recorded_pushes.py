"""Each carrier's recorded pushes at the service's own door: believed with their secret alone, and once."""

from datetime import datetime

from app import accounts
from app.grading.recordings import RecordedPush, recordings_of
from app.shops import Shop
from carriers import BUILT_IN, Carrier, carrier
from tests.api.conftest import PUBLIC_URL, Service
from tests.recorded import FOLDER

OTHER = "the-secret-of-another-account-0123"


def recorded() -> list[tuple[Carrier, RecordedPush, datetime | None]]:
    """Carriers with their pushes, and the time that a push was signed at."""
    known = [carrier(kind.slug) for kind in BUILT_IN]
    pushes = [(each, push) for each in known for push in recordings_of(each, FOLDER / each.slug).pushes]
    return [(each, push, each.verify(push.headers, push.body, [push.secret]).timestamp) for each, push in pushes]


async def hook(service: Service, shop: Shop, known: Carrier, secret: str) -> str:
    """The path of a new account with this secret."""
    fields = known.credentials.model_fields.items()
    async with service.database.transaction() as db:
        added = await accounts.add(
            *(db, service.sealer, shop.company_id, known.slug),
            public_url=PUBLIC_URL,
            credentials={name: "made-up" for name, field in fields if field.is_required()},
            secret=secret,
        )
    return added.hook_url.removeprefix(PUBLIC_URL)


async def test_recorded_pushes(service: Service, shop: Shop) -> None:
    """Taken in, then known again; one whose signed time has long passed is refused, as is one for another account."""
    caller = await service.client()
    said, expected = {}, {}
    for each, push, stamped in recorded():
        its, others = [await hook(service, shop, each, secret) for secret in (push.secret, OTHER)]
        paths = (its, its, others)
        answers = [await caller.post(path, content=push.body, headers=push.headers) for path in paths]
        name = f"{each.slug} {push.name}"
        said[name] = [(answer.status_code, answer.json().get("code") or answer.json()["status"]) for answer in answers]
        believed = [(401, "stale_timestamp")] * 2 if stamped else [(200, "accepted"), (200, "duplicate")]
        expected[name] = [*believed, (401, "bad_signature")]

    assert len(said) > 5
    assert said == expected
