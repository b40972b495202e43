"""The settings: read once, from the environment or `.env`, prefix `NOVE_`; one field, one line of meaning.

A wrong one stops the start and names its variable.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from email.utils import getaddresses
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, NoDecode, SettingsConfigDict

from app import failpoints
from app.errors import WrongSetting

Network = IPv4Network | IPv6Network

PREFIX = "NOVE_"
MOST_DAYS = 365
LEASE_SECONDS = 30.0
MOST_DRAIN = 1000
MOST_JOURNEY_DAYS = 3650
MOST_HOURS = MOST_DAYS * 24

_MAILBOX = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


class Settings(BaseSettings):
    """Every setting; field names are the variables' without the prefix, in lower case."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    database_url: str = Field(
        "sqlite:///var/nove.db", description="`sqlite:///path` or `postgresql://user:password@host/name`"
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Base64 of 32 bytes: seals credentials, makes tokens; "
        "made beside the SQLite file if absent, required on PostgreSQL",
    )
    secret_key_old: SecretStr | None = Field(
        None,
        description="Former keys, with commas between them: they open what they sealed, until `nove reseal` is done",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where carriers and shops reach this service; hook addresses begin with it"
    )
    pages_url: str = Field("", description="Where recipients reach the tracking pages; `NOVE_PUBLIC_URL` if empty")
    smtp_url: SecretStr | None = Field(
        None,
        description="`smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…`; "
        "without it no e-mail is sent and the ledger says so",
    )
    mail_from: str = Field(
        "Nove <nove@localhost>", description="Sender of mail of shops that have set none of their own"
    )
    outbound_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Networks that calls to addresses typed by a shop may reach although private, "
        "as `127.0.0.0/8,::1/128`",
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (),
        description="Networks of your proxies, as `10.0.0.0/8`: whose `X-Forwarded-For` is believed, "
        "so that limits by address count visitors, not the proxy",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged")
    log_format: Literal["console", "json"] = Field("console", description="`console` for people, `json` for machines")
    poll_hours: Annotated[dict[str, float], NoDecode] = Field(
        default_factory=dict,
        description="Hours between polls by status, where they differ from the default, as `in_transit=2,exception=12`",
    )
    shadow_adapters: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Adapters that read a carrier's bodies beside its own and change nothing, as `brt=brt_next`; "
        "see `GET /v1/mappings/shadow`",
    )
    stale_days: float = Field(
        5.0,
        gt=0,
        le=MOST_DAYS,
        description="Days without news, counted from when the last came in, after which a shipment is marked stale",
    )
    drain_per_second: float = Field(
        10.0,
        gt=0,
        le=MOST_DRAIN,
        description="Webhooks a second that an endpoint gets first after an outage; doubles as it takes them",
    )
    raw_days: float = Field(
        30.0, gt=0, le=MOST_DAYS, description="Days that carriers' raw bodies and receivers' answers are kept"
    )
    journey_days: float = Field(
        730.0, gt=0, le=MOST_JOURNEY_DAYS, description="Days without news after which a shipment is deleted altogether"
    )
    testing: bool = Field(False, description="Whether this is a test of Nove itself: the next two are refused without")
    lease_seconds: float = Field(
        LEASE_SECONDS, description="How long claimed work is left to a worker that is not heard of"
    )
    failpoint: str = Field("", description="Where the process dies, as `message_sent:3` for the third time there")

    @field_validator("lease_seconds", "failpoint")
    @classmethod
    def _only_for_tests(cls, value: object, given: ValidationInfo) -> object:
        if value not in ("", LEASE_SECONDS) and not given.data.get("testing"):
            raise ValueError("is for tests of Nove alone: unset it")
        if isinstance(value, str) and value:
            failpoints.parsed(value)
        if isinstance(value, float) and not value >= 1:
            raise ValueError("must be a second at least")
        return value

    @field_validator("outbound_allow", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        return tuple(_network(part) for part in parts)

    @field_validator("poll_hours", mode="before")
    @classmethod
    def _hours(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        return {name.strip(): _number(name.strip(), hours.strip()) for name, _, hours in pairs}

    @field_validator("shadow_adapters", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(sign for _, sign, _ in pairs):
            raise ValueError("name the carrier and the adapter that reads beside its own, as brt=brt_next")
        return {name.strip(): adapter.strip() for name, _, adapter in pairs}

    @field_validator("shadow_adapters")
    @classmethod
    def _adapters(cls, value: dict[str, str]) -> dict[str, str]:
        if value:
            from carriers import carriers  # noqa: PLC0415  (starting fast: read where it is set)

            for slug in (*value, *value.values()):
                if slug not in carriers():
                    raise ValueError(f"{slug!r} is no carrier; `nove carriers` lists them")
            if same := [slug for slug, adapter in value.items() if slug == adapter]:
                raise ValueError(f"{same[0]!r} reads its bodies anyhow: name another adapter, as brt=brt_next")
        return value

    @field_validator("poll_hours")
    @classmethod
    def _statuses(cls, value: dict[str, float]) -> dict[str, float]:
        from app.pace import HOURS  # noqa: PLC0415  (the pace names what can be set; it imports nothing of ours)

        for name, hours in value.items():
            if name not in HOURS:
                raise ValueError(f"{name!r} is no pace; there are {', '.join(HOURS)}")
            if not 0 < hours <= MOST_HOURS:
                raise ValueError(f"{name} must be above 0 hours and at most {MOST_HOURS}")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if value.partition("?")[0] in ("sqlite:///", "sqlite:///:memory:"):
            raise ValueError("must name a file, as sqlite:///var/nove.db: in memory every stop would lose it")
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        found = getaddresses([value])
        if len(found) != 1 or not _MAILBOX.fullmatch(found[0][1]):
            raise ValueError("must hold one e-mail address, as `Nove <nove@example.com>`")
        return value

    @field_validator("public_url", "pages_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            raise ValueError("must be an address such as https://nove.example.com")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("must be an address such as smtp://user:password@host:587")
        return value

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file; none on PostgreSQL."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.database_url.startswith("sqlite:") else None

    @property
    def pages(self) -> str:
        """Where recipients reach the tracking pages."""
        return self.pages_url or self.public_url


def read_settings(**given: object) -> Settings:
    """The settings of this process; WrongSetting names the variable and says what is wrong with it."""
    file = given.get("_env_file", ".env")
    unknown = [f"{name}: there is no such setting{_nearest(name)}" for name in _set(file) if name not in _VARIABLES]
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = [*unknown, *(f"{PREFIX}{str(each['loc'][0]).upper()}: {_words(each)}" for each in error.errors())]
        raise _wrong(wrong) from None  # what was given may be a secret
    if unknown:
        raise _wrong(unknown)
    return settings


_VARIABLES = [PREFIX + name.upper() for name in Settings.model_fields]


def _wrong(sentences: Sequence[str]) -> WrongSetting:
    return WrongSetting(f"Wrong setting. {'; '.join(sentences)}. The README lists every setting.")


def _set(file: object) -> list[str]:
    """The variables with our prefix, of the environment and of the file; case does not matter in either."""
    in_file = DotEnvSettingsSource(Settings, env_file=file).env_vars if isinstance(file, str | Path) else ()
    named = [*EnvSettingsSource(Settings).env_vars, *in_file]
    return sorted({name.upper() for name in named if name.upper().startswith(PREFIX)})


def _nearest(name: str) -> str:
    near = get_close_matches(name, _VARIABLES, n=1)
    return f", {near[0]} perhaps" if near else ""


def _words(error: ErrorDetails) -> str:
    """What is wrong, for whoever wrote the setting."""
    match error["type"]:
        case "float_parsing" | "float_type":
            return "must be a number"
        case "bool_parsing" | "bool_type":
            return "must be true or false"
        case "greater_than" | "less_than_equal" | "finite_number":
            [most] = [each.le for each in Settings.model_fields[str(error["loc"][0])].metadata if hasattr(each, "le")]
            return f"must be above 0 and at most {most}"
        case "literal_error":
            return f"must be {error['ctx']['expected']}"
    return error["msg"].removeprefix("Value error, ")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} needs a number of hours, as {name}=2") from None


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no network such as 10.0.0.0/8 or ::1/128") from None
