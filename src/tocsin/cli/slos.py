"""Rules and tests of SLOs on the command line, for a CI or a Prometheus on the same machine."""

import sys

import click

from tocsin.cli.reaching import OnTables
from tocsin.config import django_setup

django_setup.setup()

from tocsin.core.permissions import TOCSIN  # noqa: E402
from tocsin.slos import queries  # noqa: E402
from tocsin.slos.models import Objective  # noqa: E402


@click.group()
def slo() -> None:
    """Service level objectives."""


@slo.command(cls=OnTables)
@click.option("--slo", "slug", default="", help="Slug of one SLO; all of them when not given.")
@click.option("--tests", "wants_tests", is_flag=True, help="Tests for `promtool test rules` instead of the rules.")
def export(slug: str, wants_tests: bool) -> None:  # noqa: FBT001 - click's signature
    """Print the Prometheus rules of all SLOs, as one file."""
    if slug and not Objective.objects.filter(slug=slug).exists():
        raise click.ClickException(f"There is no SLO called {slug}.")
    if not wants_tests:
        click.echo(queries.rules_file(TOCSIN, slug), nl=False)
        return
    text, left_out = queries.unit_tests(TOCSIN, slug)
    for sentence in left_out:
        print(sentence, file=sys.stderr)
    click.echo(text, nl=False)
