"""Reference data: the nine statuses in a language, the carriers and what they need, numbers told by their form."""

from collections.abc import Container
from typing import Annotated

from fastapi import Query
from pydantic import Field, SecretStr, StringConstraints

from app import accounts, locales
from app.api.access import MAY_READ, Here, Reader
from app.api.routing import api
from app.api.shapes import Input, Listed, Output
from app.shipments.written import NOT_BLANK
from carriers import Candidate, Carrier, candidates, carriers
from carriers.vocabulary import SUB_STATUSES, Direction, Status, SubStatus

router = api("reference")


class SubStatusOut(Output):
    """A sub-status and what it is called."""

    sub_status: SubStatus
    label: str


class StatusOut(Output):
    """A status: its number, what it is called, whether the journey ends there, its sub-statuses."""

    id: int
    status: Status
    label: str
    final: bool
    sub_statuses: list[SubStatusOut]


class CredentialField(Output):
    """A field of a carrier's credentials."""

    name: str
    required: bool
    secret: bool
    description: str


class CarrierOut(Output):
    """A carrier: whether it is polled (so many numbers a call) and pushes, and how sure its table is.

    `resolve`: whether it finds the number of a shipment posted with a `sender_reference` alone.
    """

    slug: str
    name: str
    website: str
    poll: bool
    push: bool
    resolve: bool
    batch_size: int
    confidence: str
    credentials: list[CredentialField]


class NumberGiven(Input):
    """A number whose carrier is not known, and where the parcel goes, if that is."""

    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=60), NOT_BLANK] = Field(
        examples=["1Z999AA10123456784"]
    )
    destination: Annotated[str, StringConstraints(pattern="^[A-Za-z]{2}$", to_upper=True)] | None = Field(
        None, description="ISO 3166 code of the country it goes to", examples=["IT"]
    )


class Evidence(Output):
    """Why a number may be a carrier's.

    `pattern` is the form that it has; `check_digit` says whether the digit fits (null: the form has none); `account`,
    whether the company has a contract with the carrier; `destination`, whether its home is where the parcel goes.
    """

    pattern: str
    check_digit: bool | None
    account: bool
    destination: bool


class CandidateOut(Output):
    """A carrier whose numbers look like this one, and why.

    `candidate` says whether a shipment posted with `"carrier": null` is searched for there. Where the check digit does
    not fit it is not, as a digit is likely mistyped: name that carrier, if the number is right all the same.
    """

    slug: str
    name: str
    candidate: bool
    evidence: Evidence


@router.get("/v1/statuses", dependencies=[MAY_READ])
async def statuses(
    locale: Annotated[str, Query(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$")] = "en",
    direction: Direction = Direction.OUTBOUND,
) -> Listed[StatusOut]:
    """The nine statuses, named in the locale's language (English if there are no words for it)."""
    return Listed(items=[_status(each, locale, direction) for each in Status])


@router.get("/v1/carriers", dependencies=[MAY_READ])
async def listed() -> Listed[CarrierOut]:
    """Every carrier, by slug."""
    return Listed(items=[_carrier(each) for _, each in sorted(carriers().items())])


@router.post("/v1/carriers/detect")
async def detected(given: NumberGiven, caller: Reader, here: Here) -> Listed[CandidateOut]:
    """The carriers whose numbers have this form, with the evidence; a number alone does not tell for certain.

    First those whose check digit does not speak against them (`candidate`); of these first the company's own carriers,
    then those at home where the parcel goes, then by how much their form tells.
    """
    async with here.database.reading() as db:
        mine = {account.carrier for account in await accounts.of_company(db, caller.company_id)}
    items = [_candidate(each, given.destination, mine) for each in candidates(given.tracking_number)]
    return Listed(items=sorted(items, key=_unlikely))


def _status(status: Status, locale: str, direction: Direction) -> StatusOut:
    return StatusOut(
        id=status.id,
        status=status,
        label=locales.label(status, None, locale, direction),
        final=status.final,
        sub_statuses=[
            SubStatusOut(sub_status=each, label=locales.label(status, each, locale, direction))
            for each in SubStatus
            if each in SUB_STATUSES[status]
        ],
    )


def _candidate(found: Candidate, destination: str | None, mine: Container[str]) -> CandidateOut:
    carrier, (pattern, check_digit) = found
    evidence = Evidence(
        pattern=pattern,
        check_digit=check_digit,
        account=carrier.slug in mine,
        destination=bool(carrier.home) and carrier.home == destination,
    )
    return CandidateOut(slug=carrier.slug, name=carrier.name, candidate=found.possible, evidence=evidence)


def _unlikely(candidate: CandidateOut) -> tuple[bool, ...]:
    because = candidate.evidence
    return not candidate.candidate, not because.account, not because.destination


def _carrier(carrier: Carrier) -> CarrierOut:
    return CarrierOut(
        slug=carrier.slug,
        name=carrier.name,
        website=carrier.website,
        poll=carrier.polls,
        push=carrier.pushes,
        resolve=carrier.resolves,
        batch_size=carrier.batch_size,
        confidence=carrier.confidence,
        credentials=[
            CredentialField(
                name=name,
                required=field.is_required(),
                secret=SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())),
                description=field.description or "",
            )
            for name, field in carrier.credentials.model_fields.items()
        ],
    )
