"""Who may do how much: by key, by account, by address; every answer says how its sender stands."""

import re
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from app.api.buckets import CROWDED, Buckets, Standing
from app.shops import Shop
from tests.api.conftest import Service
from tests.api.documented import document_of
from tests.api.posting import parcel
from tests.api.pushing import hook_of, sandbox_body

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def buckets(clock: Clock) -> Buckets:
    """The buckets of the service."""
    return Buckets(clock)


@pytest.fixture
def clock() -> Clock:
    """The clock of the service's limits."""
    return Clock()


@pytest.fixture(autouse=True)
async def _limited(service: Service, buckets: Buckets) -> None:
    await service.start(buckets=buckets)


def told(answer: Response) -> tuple[int, str, str | None]:
    """What an answer says of its limit."""
    return answer.status_code, answer.headers["ratelimit"], answer.headers.get("retry-after")


async def test_a_keys_bucket_empties_and_fills(service: Service, shop: Shop, clock: Clock) -> None:
    """429 with the seconds to wait, which are those that `t` tells; then it goes on."""
    client = await service.caller(shop, bucket=2, refill=0.5)
    answers = [await client.get("/v1/shop") for _ in range(3)]
    clock.now += 2
    later = await client.get("/v1/shop")

    assert [told(each) for each in [*answers, later]] == [
        (200, '"key";r=1;t=2', None),
        (200, '"key";r=0;t=4', None),
        (429, '"key";r=0;t=2', "2"),
        (200, '"key";r=0;t=4', None),
    ]
    assert {each.headers["ratelimit-policy"] for each in answers} == {'"key";q=2;w=4'}
    assert answers[2].json()["code"] == "rate_limited"


@pytest.mark.parametrize(("rows", "cost"), [(1, 1), (10, 1), (11, 2), (995, 100), (1000, 100)])
async def test_a_batch_costs_a_tenth_of_its_rows(service: Service, shop: Shop, rows: int, cost: int) -> None:
    """Rounded up; the largest one is a sixth of what a key may do at once."""
    client = await service.caller(shop)
    answer = await client.post("/v1/shipments/batch", json={"shipments": [{}] * rows})

    assert told(answer)[:2] == (200, f'"key";r={600 - cost};t={-(-cost // 20)}')


async def test_a_batch_beyond_what_is_left_does_nothing(service: Service, shop: Shop) -> None:
    """It is refused whole, and smaller requests go on."""
    client = await service.caller(shop, bucket=3, refill=1)
    refused = await client.post("/v1/shipments/batch", json={"shipments": [parcel(f"ABC{n:06}") for n in range(50)]})
    listed = await client.get("/v1/shipments")

    assert told(refused) == (429, '"key";r=2;t=1', "1")
    assert (listed.status_code, listed.json()["items"]) == (200, [])


async def test_pushes_are_limited_by_account(client: AsyncClient, buckets: Buckets) -> None:
    """One account's flood is refused; another one of the same carrier is heard."""
    hooks = [await hook_of(client, "sandbox") for _ in range(2)]
    account = (await client.get("/v1/accounts")).json()["items"][0]["id"]
    buckets.take(("hook", UUID(account)), "hook", 600, 50.0, 598)
    answers = [await hooks[0].push(b"", signature=b"wrong") for _ in range(3)]
    other = await hooks[1].push(sandbox_body(("PU", "2026-03-02T09:30:00+01:00")))

    assert [each.status_code for each in answers] == [401, 401, 429]
    assert told(answers[-1]) == (429, '"hook";r=0;t=1', "1")
    assert answers[-1].headers["ratelimit-policy"] == '"hook";q=600;w=12'
    assert told(other) == (200, '"hook";r=599;t=1', None)


async def test_strangers_are_limited_by_address(service: Service, shop: Shop) -> None:
    """Wrong keys and wrong hooks count together; a good key from there is let in."""
    stranger = await service.client({"Authorization": "Bearer nove_wrong"})
    answers = [await stranger.get("/v1/shop") for _ in range(59)]
    answers += [await stranger.post("/hooks/sandbox/nothing"), await stranger.get("/v1/shop")]
    known = await (await service.caller(shop)).get("/v1/shop")

    assert [each.status_code for each in answers] == [401] * 59 + [404, 429]
    assert told(answers[-1]) == (429, '"strangers";r=0;t=1', "1")
    assert known.status_code == 200


async def test_who_misses_pages_waits(service: Service) -> None:
    """Ten in ten minutes, and what is told is the limit that was met."""
    visitor = await service.client()
    answers = [await visitor.get(f"/t/{'x' * 24}.json") for _ in range(11)]

    assert [each.status_code for each in answers] == [404] * 10 + [429]
    assert told(answers[0]) == (404, '"views";r=59;t=1', None)
    assert told(answers[-1]) == (429, '"misses";r=0;t=60', "60")
    assert answers[-1].headers["ratelimit-policy"] == '"misses";q=10;w=600'


async def test_visitors_views_are_counted(service: Service, clock: Clock) -> None:
    """Sixty a minute, whatever they find."""
    visitor = await service.client()
    answers = []
    for number in range(61):
        answers.append(await visitor.get(f"/t/{'x' * 24}"))
        clock.now += 0.5 * (number % 2)

    assert answers[0].status_code == 404
    assert {each.status_code for each in answers[10:]} == {429}


async def test_the_document_tells_of_every_limit(service: Service) -> None:
    """Where 429 is an answer, each answer has the headers, in the form that they really have."""
    document = document_of(service.app)
    limited = [
        operation
        for operations in document["paths"].values()
        for operation in operations.values()
        if "429" in operation["responses"]
    ]
    headers = document["components"]["headers"]
    standing = Standing("key", 3, 7.0, 1.5, 0.2)

    assert len(limited) > 40
    assert {"RateLimit", "RateLimit-Policy"} == {
        name for each in limited for name in each["responses"]["422"]["headers"]
    }
    assert all("Retry-After" in each["responses"]["429"]["headers"] for each in limited)
    assert standing.headers() == [(b"ratelimit-policy", b'"key";q=3;w=1'), (b"ratelimit", b'"key";r=1;t=1')]
    for name, value in (("RateLimit-Policy", '"key";q=3;w=1'), ("RateLimit", '"key";r=1;t=1')):
        assert re.search(headers[name]["schema"]["pattern"], value)


async def test_many_addresses_at_once_are_remembered_and_forgotten(clock: Clock, buckets: Buckets) -> None:
    """What is full remembers nothing and is thrown away; what is not stays, and is not gone through at each request."""
    for number in range(CROWDED + 5):
        buckets.take(number, "strangers", 60, 1.0)
    clock.now += 60
    for number in range(2 * CROWDED):
        buckets.take(-number, "strangers", 60, 1.0)

    assert buckets.remembered <= 2 * CROWDED + 5
