"""Alembic's way in: runs the steps on the connection it is handed, or writes them as SQL for PostgreSQL.

On PostgreSQL each step has a transaction of its own.
"""

from alembic import context

from app.schema import metadata

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, transaction_per_migration=True)
    context.execute("SET lock_timeout = '5s'")
else:
    connection = context.config.attributes["connection"]
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=sqlite,
        compare_type=True,
        transaction_per_migration=not sqlite,
    )
with context.begin_transaction():
    context.run_migrations()
