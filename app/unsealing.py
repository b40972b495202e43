"""Whether the key at hand is the one that sealed what the database holds: asked at every start."""

from sqlalchemy import LargeBinary, column, func, select, table

from app.database import Database, Id
from app.errors import WrongSetting
from app.sealing import Sealer

AT_MOST = 20
"""How many rows of a kind are tried: one changed by hand does not stop a start, `nove doctor` names it."""

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
