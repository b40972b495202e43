"""Jobs that wait together are done in one transaction; a bad one fails alone; nobody waits without bound."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from app import shops
from app.database import Database, Session
from app.errors import Conflict, NoveError, Unavailable
from app.gathering import BESIDE, Gatherer


async def test_what_waits_together_is_committed_together(database: Database) -> None:
    """The first goes alone, those that came meanwhile follow as one group."""
    groups: list[list[str]] = []

    async def work(db: Session, jobs: Sequence[str]) -> list[str]:
        groups.append(list(jobs))
        await asyncio.sleep(0.01)
        return [job.upper() for job in jobs]

    gatherer = Gatherer(database, work)

    answers = await asyncio.gather(*(gatherer.put(job) for job in "abcde"), gatherer.put("f"))

    assert answers == ["A", "B", "C", "D", "E", "F"]
    assert [job for group in groups for job in group] == list("abcdef")
    assert len(groups) < 6


async def test_a_second_group_begins_beside_the_first_when_it_is_worth_it(database: Database) -> None:
    """Where the database has many writers; nobody is left waiting when both are done."""
    groups, at_work, go_on = list[list[int]](), asyncio.Event(), asyncio.Event()

    async def work(db: Session, jobs: Sequence[int]) -> list[int]:
        groups.append(list(jobs))
        if 0 in jobs:
            at_work.set()
            await go_on.wait()
        return list(jobs)

    gatherer = Gatherer(database, work, groups=2)
    first = asyncio.create_task(gatherer.put(0))
    await at_work.wait()
    few = [asyncio.create_task(gatherer.put(job)) for job in range(1, BESIDE)]
    await asyncio.sleep(0.01)
    alone = [list(each) for each in groups]
    enough = asyncio.create_task(gatherer.put(BESIDE))
    if database.postgres:
        await asyncio.gather(*few, enough)
    go_on.set()

    assert await asyncio.gather(first, *few, enough) == list(range(BESIDE + 1))
    assert alone == [[0]]
    assert groups == [[0], list(range(1, BESIDE + 1))]
    assert await gatherer.put(-1) == -1


async def test_a_group_has_a_bounded_weight(database: Database) -> None:
    """In the order in which they came; what is heavier than a group is one by itself."""
    groups: list[list[str]] = []

    async def work(db: Session, jobs: Sequence[str]) -> list[str]:
        groups.append(list(jobs))
        await asyncio.sleep(0.01)
        return list(jobs)

    gatherer = Gatherer(database, work, most=4, weigh=len)
    jobs = ["a", "bb", "cc", "d", "eeeeee", "f", "ggg", "h"]

    assert await asyncio.gather(*(gatherer.put(job) for job in jobs)) == jobs
    assert [job for group in groups for job in group] == jobs
    assert groups[-3:] == [["eeeeee"], ["f", "ggg"], ["h"]]


async def test_a_bad_job_does_not_fail_its_neighbours(database: Database) -> None:
    """The group is rolled back and done one by one; only the good ones are stored, each once."""

    async def work(db: Session, jobs: Sequence[str]) -> list[str]:
        for job in jobs:
            await shops.create_company(db, job)
            if job == "bad":
                raise ValueError("spoilt")
        return list(jobs)

    gatherer = Gatherer(database, work)
    answers = await asyncio.gather(*(gatherer.put(job) for job in ("a", "bad", "b")), return_exceptions=True)

    async with database.reading() as db:
        names = [row.name for row in await db.all(select(shops.companies.c.name).order_by(shops.companies.c.name))]
    assert (answers[0], str(answers[1]), answers[2], names) == ("a", "spoilt", "b", ["a", "b"])


async def test_a_refusal_among_the_results_is_its_callers_alone(database: Database) -> None:
    """The group is committed once, without the refused job."""
    groups: list[int] = []

    async def work(db: Session, jobs: Sequence[str]) -> list[str | NoveError]:
        return [Conflict("taken") if job == "refused" else job for job in jobs]

    gatherer = Gatherer[str, str](database, work, sized=groups.append)
    answers = await asyncio.gather(*(gatherer.put(job) for job in ("a", "refused", "b")), return_exceptions=True)

    assert (answers[0], repr(answers[1]), answers[2], groups) == ("a", "Conflict('taken')", "b", [3])


async def test_beyond_its_room_it_says_try_again(database: Database) -> None:
    """Nothing of what is refused is stored."""

    async def work(db: Session, jobs: Sequence[int]) -> Sequence[int]:
        return jobs

    gatherer = Gatherer(database, work, room=3)
    answers = await asyncio.gather(*(gatherer.put(job) for job in range(5)), return_exceptions=True)

    assert [each for each in answers if not isinstance(each, Exception)] == [0, 1, 2]
    assert [type(each) for each in answers[3:]] == [Unavailable, Unavailable]


async def test_a_caller_who_has_gone_does_not_stop_the_others(database: Database) -> None:
    """What it sent is stored all the same."""

    async def work(db: Session, jobs: Sequence[str]) -> list[str]:
        for job in jobs:
            await shops.create_company(db, job)
        return list(jobs)

    gatherer = Gatherer(database, work)
    gone = asyncio.create_task(gatherer.put("gone"))
    stays = asyncio.create_task(gatherer.put("stays"))
    await asyncio.sleep(0)
    gone.cancel()

    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await stays == "stays"
    async with database.reading() as db:
        assert len(await db.all(select(shops.companies.c.name))) == 2
