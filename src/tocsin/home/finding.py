"""Ctrl-K: a few words lead to a page, an open alert, a service, a mailbox, a schedule, a policy, a team or a person."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, QuerySet
from django.urls import reverse

from tocsin.alerts import queries as alerts
from tocsin.alerts.filters import GroupFilters
from tocsin.checks import queries as checks
from tocsin.core.permissions import Actor, Verb, require
from tocsin.home.navigation import PLACES
from tocsin.mailboxes import queries as mailboxes
from tocsin.people import queries as people
from tocsin.policies import queries as policies
from tocsin.schedules import queries as schedules
from tocsin.services import queries as services
from tocsin.slos import queries as slos

MOST = 5  # of each kind
LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class Found:
    kind: str
    label: str
    url: str


_PAGES: tuple[tuple[str, str, Verb], ...] = (
    ("Profile and pager", "profile", Verb.VIEW),
    ("Sign-in and passkeys", "mfa_index", Verb.VIEW),
    ("Notification rules", "rules", Verb.EDIT_SELF),
    ("My calendar link", "calendar_link", Verb.EDIT_SELF),
    ("API tokens", "tokens", Verb.EDIT_SELF),
    ("Integrations", "integrations", Verb.VIEW),
    ("Record a change", "change_new", Verb.RESPOND),
    ("SLOs", "slos", Verb.VIEW),
    ("New SLO", "slo_new", Verb.CONFIGURE),
    ("Prometheus server", "slo_server", Verb.CONFIGURE),
    ("New integration", "integration_new", Verb.CONFIGURE),
    ("New service", "service_new", Verb.CONFIGURE),
    ("New check", "check_choose", Verb.CONFIGURE),
    ("New schedule", "schedule_new", Verb.CONFIGURE),
    ("New policy", "policy_new", Verb.CONFIGURE),
    ("Silences", "silences", Verb.VIEW),
    ("New silence", "silence_new", Verb.RESPOND),
    ("Alert rules: routing", "routes", Verb.VIEW),
    ("Alert rules: urgency", "urgency_rules", Verb.VIEW),
    ("Alert rules: inhibition", "inhibitions", Verb.VIEW),
    ("Maintenance", "maintenances", Verb.VIEW),
    ("Plan maintenance", "maintenance_new", Verb.CONFIGURE),
    ("Quarantined events", "quarantine", Verb.VIEW),
    ("Handoffs", "handoffs", Verb.VIEW),
    ("My load", "my_care", Verb.EDIT_SELF),
    ("People and roles", "people", Verb.VIEW),
    ("Invite somebody", "person_invite", Verb.MANAGE_PEOPLE),
    ("Teams", "teams", Verb.VIEW),
    ("Audit log", "audit", Verb.VIEW_AUDIT),
    ("Retention", "retention", Verb.VIEW),
    ("Help", "help", Verb.VIEW),
)
_NAMED: Mapping[str, Callable[[Actor], QuerySet[Model]]] = {
    "Service": services.services,
    "SLO": slos.slos,
    "Check": checks.checks,
    "Schedule": schedules.schedules,
    "Policy": policies.policies,
    "Team": people.teams,
}


def found(actor: Actor, text: str, now: datetime) -> list[Found]:
    require(actor, Verb.VIEW)
    words = text.strip()[:LONGEST]
    pages = [page for page in _pages(actor) if words.lower() in page.label.lower()]
    if not words:
        return [*_alerts(actor, "", now), *pages]
    return [*pages[:MOST], *_alerts(actor, words, now), *_rows(actor, words)]


def _pages(actor: Actor) -> Iterable[Found]:
    yield from (Found(kind="Page", label=label, url=url) for url, label, _ in PLACES)
    for label, name, verb in _PAGES:
        if actor.may(verb):
            yield Found(kind="Page", label=label, url=reverse(name))


def _alerts(actor: Actor, words: str, now: datetime) -> list[Found]:
    rows = alerts.groups(actor, GroupFilters(text=words), now)[:MOST]
    return [Found(kind="Open alert", label=row.title, url=row.get_absolute_url()) for row in rows]


def _rows(actor: Actor, words: str) -> Iterable[Found]:
    for kind, of in _NAMED.items():
        yield from (_row(kind, row) for row in of(actor).filter(name__icontains=words)[:MOST])
    if actor.may(Verb.CONFIGURE):  # as its page does
        yield from (_row("Mailbox", row) for row in mailboxes.mailboxes(actor, words)[:MOST])
    yield from (_row("Person", row) for row in people.people(actor, words).filter(is_active=True)[:MOST])


def _row(kind: str, row: Model) -> Found:
    return Found(kind=kind, label=str(row), url=row.get_absolute_url())  # type: ignore[attr-defined]
