"""Whether the key at hand is the one that sealed what the database holds, asked at every start; token keys kept."""

from sqlalchemy import Column, LargeBinary, Table, column, func, select, table

from app.database import Database, HexKey, Id, Instant, metadata
from app.errors import WrongSetting
from app.sealing import Sealer

AT_MOST = 20
"""How many rows of a kind are tried: one changed by hand does not stop a start, `nove doctor` names it."""

token_keys = Table(
    "token_keys",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", HexKey, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""By what key the tokens of a company were made before its present one: addresses in sent messages stay good."""

_COMPANIES = table("companies")
_SEALED = {
    "account": table("carrier_accounts", column("id", Id), column("credentials", LargeBinary), column("removed_at")),
    "endpoint": table("endpoints", column("id", Id), column("secrets", LargeBinary)),
}
"""By purpose. The terms whose tables these are come after the installation, which asks this."""


async def require_no_companies(database: Database, key_file: object) -> None:
    """WrongSetting if the database is in use, so that a fresh key would lock its secrets and change its addresses."""
    async with database.reading() as db:
        if await db.value(select(func.count()).select_from(_COMPANIES)):
            raise WrongSetting(
                f"The key file {key_file} is missing, and the database beside it is in use: only that key opens its "
                "secrets. Restore the file from your backup, or set NOVE_SECRET_KEY to the key."
            )


async def require_its_key(database: Database, sealer: Sealer, key_from: object) -> None:
    """WrongSetting if there are sealed secrets and the key opens none of them."""
    tried = 0
    async with database.reading() as db:
        for purpose, rows in _SEALED.items():
            sealed = rows.c.credentials if purpose == "account" else rows.c.secrets
            wanted = select(rows.c.id, sealed.label("sealed")).order_by(rows.c.id.desc()).limit(AT_MOST)
            if purpose == "account":
                wanted = wanted.where(rows.c.removed_at.is_(None))
            for row in await db.all(wanted):
                try:
                    sealer.open(row.sealed, f"{purpose}:{row.id}")
                except WrongSetting:
                    tried += 1
                else:
                    return
    if tried:
        raise WrongSetting(
            f"The key from {key_from} does not open the secrets in the database: it is not the one that sealed them. "
            "Restore the key file from your backup, or set NOVE_SECRET_KEY to that key."
        )


async def kept_token_keys(database: Database, sealer: Sealer) -> list[bytes]:
    """The token keys of former keys, newest first; one that does not open is left out."""
    found = []
    async with database.reading() as db:
        ids = await db.all(
            select(token_keys.c.id).group_by(token_keys.c.id).order_by(func.max(token_keys.c.created_at))
        )
        for row in reversed(ids):
            sealed = await db.value(select(token_keys.c.sealed).where(token_keys.c.id == row.id).limit(1))
            try:
                found.append(sealer.open(sealed, f"token:{row.id}"))
            except WrongSetting:
                continue
    return found
