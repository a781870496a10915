"""Commands that need the database."""

import click
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from tocsin.config.misconfigured import Misconfigured

OUTDATED = "The database is empty, or older than this version of Tocsin. `tocsin migrate` mends that."


class OnDatabase(click.Command):
    """Where the database does not answer, a sentence says so."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            said = str(error).partition("\n")[0].rstrip(".")
            raise Misconfigured(
                f"the database of TOCSIN_DATABASE_URL cannot be used: {said}. Start it, or correct its host, port, "
                "user, password or name; `tocsin check` looks again."
            ) from error
        return super().invoke(ctx)


class OnTables(OnDatabase):
    """Where the database is empty, or older than this version, a sentence says so."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            is_old = is_outdated()
        except DatabaseError:
            is_old = False  # it does not answer, which is said better below
        if is_old:
            raise Misconfigured(f"{OUTDATED} Nothing was done.")
        return super().invoke(ctx)


def is_outdated() -> bool:
    """Whether tables are missing, or not as this version has them."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
