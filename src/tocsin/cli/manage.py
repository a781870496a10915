"""What can be done without a browser."""

import sys
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from django.core import checks
from django.core.management import call_command
from django.db import connection, transaction

from tocsin import clock
from tocsin.cli.reaching import OUTDATED, OnDatabase, OnTables, is_outdated
from tocsin.config import django_setup
from tocsin.config.misconfigured import Misconfigured

django_setup.setup()

from tocsin.core.permissions import TOCSIN, Role, Scope  # noqa: E402
from tocsin.health import secret_key  # noqa: E402
from tocsin.people import actions, queries  # noqa: E402
from tocsin.people.models import User  # noqa: E402
from tocsin.people.problems import Refused  # noqa: E402

LOCK = 7_465_001  # any number, the same on every node: only one migrates


@click.command(cls=OnDatabase)
@click.option("--lost-key", is_flag=True, help="Go on with another TOCSIN_SECRET_KEY; what was sealed is lost.")
def migrate(lost_key: bool) -> None:  # noqa: FBT001 - click's
    """Bring the database to this version. Safe to run at every start, and from several nodes at once."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            _migrate()
            _know_key(is_lost=lost_key)
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _migrate() -> None:
    if is_outdated():
        call_command("migrate", verbosity=0, interactive=False)
        print("The database is up to date.", file=sys.stderr)


def _know_key(*, is_lost: bool) -> None:
    if secret_key.is_right():
        secret_key.remember()
    elif is_lost:
        secret_key.go_on()
        print("What was sealed with the key before cannot be read any more.", file=sys.stderr)
    else:
        raise Misconfigured(secret_key.WRONG)


@click.command(cls=OnDatabase)
def check() -> None:
    """Look at the settings, the database and its version; 0 when Tocsin can start."""
    found = [str(message) for message in checks.run_checks(include_deployment_checks=False)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if is_outdated():
        found.append(OUTDATED)
    elif not secret_key.is_right():
        found.append(secret_key.WRONG)
    for line in found:
        print(line, file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"All is well: {connection.vendor}, {User.objects.count()} people.")


@click.group()
def admin() -> None:
    """People who may do everything."""


@admin.command(cls=OnTables)
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--time-zone", default="UTC", show_default=True)
@click.password_option(help="Asked for when it is not given.")
def create(email: str, name: str, time_zone: str, password: str) -> None:
    """Make the first owner, or another one."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.UsageError(f"“{time_zone}” is not a time zone; use a name like Europe/Berlin") from error
    try:
        owner = _owner(email, name, password, time_zone)
    except Refused as error:
        raise click.ClickException(str(error)) from error
    print(f"{owner.name} <{owner.email}> is an owner.")


def _owner(email: str, name: str, password: str, time_zone: str) -> User:
    """The first one is made; a later one is invited, and accepts at once."""
    now = clock.now()
    if queries.is_empty():
        return actions.create_first_owner(email, name, password, time_zone, now)
    with transaction.atomic():
        person, invitation = actions.invite(TOCSIN, email, name, Role.OWNER, None, now)
        actions.change_person(TOCSIN, person, now, time_zone=time_zone)
        return actions.accept_invitation(invitation, password, now)


@click.group()
def token() -> None:
    """Tokens for the API."""


@token.command("create", cls=OnTables)
@click.option("--name", default="command line", show_default=True)
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice([s.value for s in Scope]))
@click.option("--user", "email", help="E-mail of the person it acts as; nobody when not given.")
def create_token(name: str, scopes: tuple[str, ...], email: str | None) -> None:
    """Make an API token and print it, once."""
    user = User.objects.filter(email__iexact=email).first() if email else None
    if email and user is None:
        raise click.ClickException(f"Nobody here has the address {email}.")
    _, raw = actions.create_token(
        TOCSIN, name=name, scopes=[Scope(s) for s in scopes], user=user, expires_at=None, now=clock.now()
    )
    print(raw)
