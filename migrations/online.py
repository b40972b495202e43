"""Changes of tables that are in use, so that nobody waits for them.

An index of an old table is built outside of a transaction, so a step with one can be interrupted half-way: everything
before it in such a step has to bear being done again (`add_column` here, `if_not_exists` of new tables).
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op


def add_column(table: str, column: sa.Column[Any]) -> None:
    """A column that may be there already."""
    op.add_column(table, column, if_not_exists=op.get_context().dialect.name != "sqlite")


def create_index(name: str, table: str, columns: Sequence[str], rows: str = "") -> None:
    """An index on a table that has rows, or of those for which `rows` holds; writes go on while it is built.

    Put it last in a step. What an interrupted one has left of it is built anew.
    """
    where = sa.text(rows) if rows else None
    context = op.get_context()
    if context.dialect.name == "sqlite":
        op.create_index(name, table, columns, sqlite_where=where)
        return
    with context.autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for transactions that are open, and holds up none meanwhile
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '5s'")


def drop_index(name: str, table: str) -> None:
    """An index goes while its table is read and written; put it last in a step."""
    context = op.get_context()
    if context.dialect.name == "sqlite":
        op.drop_index(name, table_name=table)
        return
    with context.autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '5s'")
