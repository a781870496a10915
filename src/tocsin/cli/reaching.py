"""Commands that need the database."""

import click
from django.db import DatabaseError, connection

from tocsin.config.misconfigured import Misconfigured


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
