"""What the contracts with aggregators have in common: a key, and the carriers that go by it for want of their own."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from carriers.base import Credentials


class AggregatorCredentials(Credentials):
    """An aggregator's API key. `fallback`: the carriers that it serves where there is no account with them.

    They are slugs with commas between, or `all` for each that we know the aggregator's name of.
    """

    couriers: ClassVar[Mapping[str, str]] = {}
    """What the aggregator calls our carriers, as in `Carrier.couriers`."""

    api_key: SecretStr
    fallback: str = Field(default="", max_length=1000)

    @field_validator("fallback")
    @classmethod
    def _known(cls, value: str) -> str:
        named = value.replace(" ", "").lower()
        if strange := [slug for slug in named.split(",") if slug not in ("", "all", *cls.couriers)]:
            shown = ", ".join(slug[:40] for slug in strange[:5])
            raise ValueError(f"cannot serve {shown}; it can serve {', '.join(cls.couriers)}, or all of them by `all`")
        return named
