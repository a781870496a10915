"""A believable example organisation, and a first alert through the public door."""

import json
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from tocsin import clock
from tocsin.cli.parent import end_with_parent
from tocsin.config import django_setup, environment
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.rotation import Layer as LayerSpec
from tocsin.core.rotation import Unit

django_setup.setup()

from tocsin.changes import actions as changes  # noqa: E402
from tocsin.checks import actions as checks  # noqa: E402
from tocsin.core.permissions import Actor, Role  # noqa: E402
from tocsin.core.signals import Change, Link  # noqa: E402
from tocsin.people import actions as people  # noqa: E402
from tocsin.people import queries  # noqa: E402
from tocsin.people.models import Team, User  # noqa: E402
from tocsin.policies import actions as policies  # noqa: E402
from tocsin.policies.actions import StepSpec  # noqa: E402
from tocsin.policies.models import EscalationPolicy  # noqa: E402
from tocsin.schedules import actions as schedules  # noqa: E402
from tocsin.schedules.models import Schedule  # noqa: E402
from tocsin.services import actions as services  # noqa: E402
from tocsin.services.models import Service  # noqa: E402

EMAIL = "ada@example.com"
PASSWORD = "the alarm bell rings"  # noqa: S105 - printed for whoever tries the demo
ZONE = "Europe/Berlin"
WAIT_STEPS = 200
SETTLED = 202


@dataclass(frozen=True, kw_only=True)
class Crew:
    ada: User
    grace: User
    linus: User
    olga: User


@click.command(hidden=True)
@click.option("--parent", type=int, help="The supervisor.")
def demo(parent: int | None) -> None:
    """Fill an example organisation once, then fire an alert at it. Run by `tocsin serve --demo`."""
    end_with_parent(parent)
    url = environment.read().public_url
    _wait(url)
    if queries.is_empty():
        key = fill(clock.now())
        fire(url, key)
    print(f"\nOpen {url} and sign in as {EMAIL} with the password: {PASSWORD}\n", flush=True)
    clock.forever()


def fill(now: datetime) -> str:
    """The organisation; answers the routing key of its first integration."""
    ada = people.create_first_owner(EMAIL, "Ada Lovelace", PASSWORD, ZONE, now)
    actor = queries.actor_of(ada, "cli")
    crew = _crew(actor, ada, now)
    team = _team(actor, crew, now)
    primary = _rota(actor, "Platform primary", team, (crew.ada, crew.grace, crew.linus), now)
    secondary = _rota(actor, "Platform secondary", team, (crew.grace, crew.linus, crew.ada), now)
    policy = _policy(actor, team, (primary, secondary), crew.olga, now)
    return _services(actor, policy, team, now)


def fire(url: str, key: str) -> None:
    """A first alert, as a monitoring tool would send it."""
    event = {
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": "checkout-latency",
        "payload": {
            "summary": "Checkout p95 latency is 8.2 s, usually 120 ms",
            "source": "checkout-7f9c",
            "severity": "critical",
            "component": "checkout-api",
            "custom_details": {"p95": "8.2 s", "error rate": "4.1 %", "region": "eu-central-1"},
        },
        "links": [{"href": "https://example.com/runbooks/checkout-latency", "text": "Runbook: checkout latency"}],
    }
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{url}/v2/enqueue", json.dumps(event).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own URL
        if answer.status != SETTLED:
            sys.exit(f"the demo's alert was answered with {answer.status}")


def _wait(url: str) -> None:
    for _ in range(WAIT_STEPS):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - our own URL
                return
        except (urllib.error.URLError, OSError):
            clock.sleep(0.1)
    sys.exit("the demo waited for the server in vain")


def _crew(actor: Actor, ada: User, now: datetime) -> Crew:
    def join(email: str, name: str, role: Role) -> User:
        person, token = people.invite(actor, email, name, role, None, now)
        return people.accept_invitation(token, PASSWORD, now) if person else person

    return Crew(
        ada=ada,
        grace=join("grace@example.com", "Grace Hopper", Role.RESPONDER),
        linus=join("linus@example.com", "Linus Pauling", Role.RESPONDER),
        olga=join("olga@example.com", "Olga Ladyzhenskaya", Role.ADMIN),
    )


def _team(actor: Actor, crew: Crew, now: datetime) -> Team:
    team = people.create_team(actor, "Platform", now, description="Runs what customers pay with.")
    members = [crew.ada.pk, crew.grace.pk, crew.linus.pk, crew.olga.pk]
    people.set_members(actor, team, members, now, leads=[crew.olga.pk])
    return team


def _rota(actor: Actor, name: str, team: Team, order: tuple[User, ...], now: datetime) -> Schedule:
    schedule = schedules.create_schedule(actor, name, ZONE, now, team=team)
    yesterday = now.astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)
    layer = LayerSpec(
        name="Weekly",
        unit=Unit.WEEK,
        every=1,
        starts_on=yesterday,
        handoff_at=time(9),
        slots=tuple((person.pk,) for person in order),
    )
    schedules.save_layers(actor, schedule, [layer], now)
    return schedule


def _policy(actor: Actor, team: Team, rotas: tuple[Schedule, Schedule], lead: User, now: datetime) -> EscalationPolicy:
    policy = policies.create_policy(actor, "Platform", now, team=team, description="Primary, secondary, lead.")
    targets = [Target(kind=TargetKind.SCHEDULE, id=rota.pk, name=rota.name) for rota in rotas]
    targets.append(Target(kind=TargetKind.USER, id=lead.pk, name=lead.name))
    policies.save_steps(actor, policy, [StepSpec(delay_minutes=5, targets=(t,)) for t in targets], (), now)
    return policy


def _services(actor: Actor, policy: EscalationPolicy, team: Team, now: datetime) -> str:
    checkout = services.create_service(
        actor,
        "Checkout",
        policy,
        now,
        team=team,
        tier=1,
        description="Carts, payments, receipts.",
        runbook_url="https://example.com/runbooks/checkout",
        dashboard_url="https://example.com/dashboards/checkout",
        rollback="`deploy rollback checkout` goes back to the version before, in two minutes.",
    )
    services.create_service(actor, "Search", policy, now, team=team, description="Product search.", group_minutes=10)
    _, key = services.create_integration(actor, checkout, "pagerduty", "Monitoring", now)
    _recent(actor, checkout, now)
    return key


def _recent(actor: Actor, checkout: Service, now: datetime) -> None:
    """What was done to it lately, and a job that is expected."""
    deploy = Change(
        summary="Deploy checkout 2026.11.3: a new client for payments",
        source="ci",
        status="success",
        at=now - timedelta(minutes=12),
        environment="production",
        version="2026.11.3",
        author="Grace Hopper",
        rollback="`deploy rollback checkout --to 2026.11.2` goes back in two minutes.",
        links=(Link(href="https://example.com/deploys/2026.11.3", text="Pipeline"),),
    )
    changes.record(actor, deploy, checkout, now)
    every_night = {"rhythm": "cron", "expression": "0 3 * * *", "time_zone": ZONE}
    checks.create_check(
        actor, checkout, "heartbeat", "Nightly backup", now, config=every_night, note="Look at the disk first."
    )
