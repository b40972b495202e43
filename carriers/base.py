"""The contract every carrier keeps: who it is, what its codes mean, how to read it and how to ask it.

A carrier is one class. `parse` is pure: bytes in, parcels out; no clock, no network, no database. `fetch` asks the
carrier and returns raw bodies; what HTTP says (401, 429, 5xx, silence) becomes one of the errors below there.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple, Self

from httpx import AsyncClient
from pydantic import BaseModel, ConfigDict

from carriers.check_digits import CheckDigit, Likeness, standard
from carriers.event import Parcel, Said, TrackingEvent, made_event
from carriers.subscribing import Handshake, Hook, Subscribed
from carriers.tables import Row, Table


class CarrierError(Exception):
    """Anything a carrier or its answer can do wrong; `retry` says whether asking again can help.

    CarrierError
    ├── UnreadablePayload     the body is not this carrier's, or broken
    ├── BadSignature          a push that the carrier did not sign, or not for us
    ├── CarrierUnavailable    no answer, half an answer, or a 5xx: ask again later
    │   └── RateLimited       429: ask again after `retry_after` seconds
    ├── CredentialsRefused    the account's credentials are wrong or lack a right
    │   └── TokenRefused      only the token is: get a new one and ask again, once
    ├── RequestRefused        the carrier says that our question is wrong
    └── AmbiguousReference    several parcels go by the sender's reference
    """

    retry: ClassVar[bool] = False


class UnreadablePayload(CarrierError):
    """The body is not an answer or push of this carrier."""


class BadSignature(CarrierError):
    """A push whose signature is missing or wrong."""


class CarrierUnavailable(CarrierError):
    """The carrier did not answer, or not in full."""

    retry = True


class RateLimited(CarrierUnavailable):
    """The carrier asks for patience; `retry_after` in seconds, none when it does not say how long."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CredentialsRefused(CarrierError):
    """The carrier refuses the account."""


class TokenRefused(CredentialsRefused):
    """The carrier refuses the token: expired or revoked."""

    retry = True


class RequestRefused(CarrierError):
    """The carrier understood us and says no: a parameter is missing or wrong."""


class AmbiguousReference(CarrierError):
    """The carrier knows several parcels by the sender's reference: which of them is meant, it does not say."""


class Credentials(BaseModel):
    """What a contract with the carrier needs; each carrier that is asked subclasses it. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=4096)

    @classmethod
    def of(cls, account: "Account") -> Self:
        """Those of an account with this carrier; CredentialsRefused if it is with another one."""
        if not isinstance(account.credentials, cls):
            raise CredentialsRefused(f"these are no {cls.__name__}")
        return account.credentials


class TrackingNumber(str):
    """A number or reference to ask about, with what the shop knows of its shipment. A plain string does as well.

    `courier` is whose number it is, as the aggregator that is asked calls that carrier; empty if it is to find out.
    """

    __slots__ = ("country", "courier", "postcode", "shipped_at")

    shipped_at: datetime | None
    postcode: str
    country: str
    courier: str

    def __new__(
        cls, value: str, *, shipped_at: datetime | None = None, postcode: str = "", country: str = "", courier: str = ""
    ) -> Self:
        self = super().__new__(cls, value)
        self.shipped_at, self.postcode, self.country, self.courier = shipped_at, postcode, country, courier
        return self

    @classmethod
    def of(cls, value: str) -> "TrackingNumber":
        """The number as given, or a plain string as one of which nothing more is known."""
        return value if isinstance(value, TrackingNumber) else cls(value)


@dataclass(frozen=True, slots=True)
class Account:
    """A shop's contract as an adapter sees it. `base_url` is empty for the carrier's own address."""

    credentials: Credentials
    token: str = field(default="", repr=False)
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A raw body and the numbers that it answers."""

    body: bytes
    numbers: tuple[str, ...]


class Token(NamedTuple):
    """An access token and the seconds it lives."""

    value: str
    seconds: float


class Verified(NamedTuple):
    """What a genuine push says of itself: its id (empty if the carrier gives none) and when it was signed."""

    message_id: str = ""
    timestamp: datetime | None = None


class RateLimit(NamedTuple):
    """How often a carrier lets itself be asked: `calls` in `seconds`, for one account."""

    calls: int
    seconds: float


def mapped(event: TrackingEvent, row: Row | None) -> TrackingEvent:
    """The event with the meaning of its table row; unchanged, so without status, when there is none."""
    if row is None:
        return event
    meaning = (row.status, row.sub_status, row.weak, row.doubtful, row.name)
    return made_event(event[:5] + meaning + event[10:])


def meant(row: Row | None, code: str = "", within: str = "", context: str = "", text: str = "") -> Said:
    """What an event says, with the meaning of its table row, if there is one: `mapped` for what is remembered."""
    if row is None:
        return Said(code, within, context, text)
    return Said(code, within, context, text, row.status, row.sub_status, row.weak, row.doubtful, row.name)


class Carrier(ABC):
    """One carrier. Subclass it, fill in the names, write `parse`, and `fetch` or `verify` or both."""

    slug: ClassVar[str]
    name: ClassVar[str]
    website: ClassVar[str] = ""
    table: ClassVar[Table]
    number_patterns: ClassVar[tuple[str, ...]] = ()
    """Regular expressions, most telling first, each for a whole number in upper case without spaces."""
    check_digits: ClassVar[Mapping[str, CheckDigit]] = {}
    """What the check digit must be, by pattern; those of standards (S10, SSCC) are known without."""
    home: ClassVar[str] = ""
    """ISO 3166 code of the country where most of its parcels go; empty for one that works everywhere."""
    number_form: ClassVar[str] = r"[A-Za-z0-9-]{4,40}"
    """Regular expression that every number of this carrier has, of whatever kind, so that a slip of the pen is told."""
    example: ClassVar[str] = "ABC-12345"
    """A number to show to whom wrote one that this carrier cannot have."""
    credentials: ClassVar[type[Credentials]] = Credentials
    base_url: ClassVar[str] = ""
    batch_size: ClassVar[int] = 1
    rate: ClassVar[RateLimit] = RateLimit(1, 1.0)
    daily_quota: ClassVar[int | None] = None
    """Calls a day (UTC) that an account has to begin with; none where no limit is known."""
    around_the_clock: ClassVar[bool] = False
    """Whether its parcels move at any hour, and not when people work."""
    subscribe_size: ClassVar[int] = 1
    """How many numbers a call subscribes to."""
    resolve_calls: ClassVar[int] = 1
    """How many of those calls `resolve` may take."""
    confidence: ClassVar[Literal["high", "medium", "low"]] = "medium"
    complete_history: ClassVar[bool] = False
    """Whether an answer always holds the whole history: only then is a missing event a withdrawn one."""
    couriers: ClassVar[Mapping[str, str]] = {}
    """What an aggregator calls the carriers that we know, by our slugs; empty for a carrier."""
    interchange: ClassVar[re.Pattern[bytes] | None] = None
    """What every interchange begins with, for a format whose files may hold several: each is then a body of its own."""
    renames: ClassVar[bool] = False
    """Whether an answer may call its parcel by another number than the one asked about: one parcel is then that one."""
    unsaid: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Meanings (`error`, `many_parcels`, …) for which the carrier has no answer, and why: none is recorded."""
    signs: ClassVar[bool] = False
    """Whether a push must carry a signature or secret of its own, beside the token in its address."""

    @abstractmethod
    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels in an answer or push; UnreadablePayload if it is not this carrier's."""

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """Ask about at most `batch_size` numbers; raises CarrierError."""
        raise RequestRefused(f"{self.name} is not polled: it pushes, or the shop posts its events")

    async def resolve(self, http: AsyncClient, account: Account, reference: str) -> str:
        """The number of what the sender calls so, or empty; raises CarrierError, AmbiguousReference if several fit."""
        raise RequestRefused(f"{self.name} finds no parcel by the sender's reference")

    def unresolvable(self, account: Account, reference: str) -> str:
        """Why the account cannot ask for that reference's number, known without asking; empty if it can."""
        return ""

    async def token(self, http: AsyncClient, account: Account) -> Token:
        """A fresh access token; only for carriers with `needs_token`."""
        raise RequestRefused(f"{self.name} needs no token")

    def subscribes(self, account: Account) -> bool:
        """Whether the carrier is to push this account's news by subscription."""
        return False

    async def subscribe(self, http: AsyncClient, account: Account, numbers: Sequence[str], hook: Hook) -> Subscribed:
        """Let it push the news of at most `subscribe_size` numbers; raises CarrierError."""
        raise RequestRefused(f"{self.name} takes no subscriptions")

    def handshake(self, body: bytes) -> Handshake | None:
        """What a push without parcels asks before a subscription begins, if it asks anything."""
        return None

    async def confirm(self, http: AsyncClient, account: Account, asked: Handshake) -> None:
        """Answer that; raises CarrierError."""
        raise RequestRefused(f"{self.name} asks for no handshake")

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """Check a push by the account's secrets; BadSignature if it fails. Header names are in lower case.

        A carrier that does not sign is believed for the token in the address, so there is nothing to check.
        """
        return Verified()

    def tracking_url(self, number: str) -> str:
        """The carrier's public page about a number; empty if it has none."""
        return ""

    def likeness(self, number: str) -> Likeness | None:
        """How it is like this carrier's: by a pattern whose check digit fits, else by the first that matches."""
        compact = number.replace(" ", "").upper()
        found: Likeness | None = None
        for pattern in self.number_patterns:
            if re.fullmatch(pattern, compact, re.ASCII):
                check = self.check_digits.get(pattern) or standard(compact)
                like = Likeness(pattern, check(compact) if check else None)
                if like.check_digit:
                    return like
                found = found or like
        return found

    def matches(self, number: str) -> bool:
        """Whether the number has one of this carrier's forms."""
        return self.likeness(number) is not None

    def accepts(self, number: str) -> bool:
        """Whether the number can be this carrier's at all; far looser than `matches`."""
        return re.fullmatch(self.number_form, number.replace(" ", ""), re.IGNORECASE | re.ASCII) is not None

    @property
    def polls(self) -> bool:
        """Whether the carrier can be asked."""
        return type(self).fetch is not Carrier.fetch

    @property
    def resolves(self) -> bool:
        """Whether the carrier can be asked for the number that belongs to a sender's reference."""
        return type(self).resolve is not Carrier.resolve

    @property
    def needs_token(self) -> bool:
        """Whether calls carry an access token that `token` gets."""
        return type(self).token is not Carrier.token

    pushes: ClassVar[bool] = False
    """Whether the carrier can post events to us."""
