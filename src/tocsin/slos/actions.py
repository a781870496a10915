"""Changing SLOs, and the Prometheus server that their budgets are read from."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError

from tocsin.channels import http
from tocsin.channels.contract import BadAddress
from tocsin.core import slo_rules
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.slo import Kind
from tocsin.people import writing
from tocsin.people.problems import Refused, refusal
from tocsin.services.models import Service
from tocsin.slos.models import Objective, Reading, Server
from tocsin.slos.queries import value_of

FIELDS = (
    "service", "name", "description", "objective", "window_days", "kind", "part", "total", "histogram", "selector",
    "threshold", "least_requests",
)  # fmt: skip
_FIGURES = {"objective", "window_days", "kind", "part", "total", "histogram", "selector", "threshold"}


def create_slo(actor: Actor, service: Service, name: str, now: datetime, **fields: object) -> Objective:
    require(actor, Verb.CONFIGURE)
    writing.check_fields(fields, set(FIELDS))
    row = draft(service, name, now, **fields)
    row.slug = writing.slug_for(Objective, f"{service.slug} {name}")
    return writing.create(actor, row, now)


def change_slo(actor: Actor, row: Objective, now: datetime, **changes: object) -> Objective:
    """The slug stays, so that what Prometheus has recorded does. Figures that no longer fit are forgotten."""
    require(actor, Verb.CONFIGURE)
    writing.check_fields(changes, set(FIELDS))
    fields = {name: getattr(row, name) for name in FIELDS} | changes
    draft(now=now, slug=row.slug, **fields)
    stale = any(getattr(row, name) != changes[name] for name in _FIGURES & set(changes))
    changed = writing.change(actor, row, now, changes)
    if stale:
        Reading.objects.filter(objective=row).delete()
    return changed


def delete_slo(actor: Actor, row: Objective, now: datetime) -> None:
    require(actor, Verb.CONFIGURE)
    writing.delete(actor, row, now)


def try_slo(
    actor: Actor, service: Service, name: str, now: datetime, slug: str = "preview", **fields: object
) -> Objective:
    """As it would be saved, to see the rules that it makes. Nothing is saved; `Refused` where saving would be."""
    require(actor, Verb.CONFIGURE)
    writing.check_fields(fields, set(FIELDS))
    return draft(service, name, now, slug=slug, **fields)


def draft(service: Service, name: str, now: datetime, **fields: object) -> Objective:
    """One that is not saved; `Refused` when it could not be, each sentence beside its field."""
    row = Objective(service=service, name=name, created_at=now, **fields)
    _check_form(row)
    found = slo_rules.wrong(value_of(row))
    if found:
        raise Refused(" ".join(found.values()), found)
    return row


def set_server(actor: Actor, url: str, now: datetime, *, user: str = "", secret: str | None = None) -> Server:
    """Where budgets are read. `secret`: a password for `user`, else a bearer token; None keeps the one there is."""
    require(actor, Verb.CONFIGURE)
    try:
        checked = http.checked(url).rstrip("/")
    except BadAddress as error:
        raise Refused(str(error), {"url": str(error)}) from error
    row = Server.objects.first()
    if row is None:
        return writing.create(actor, Server(url=checked, user=user, secret=secret or "", created_at=now), now)
    if secret is None and checked != row.url and row.secret:
        sentence = "The address is another one: type its secret too, so that the old one is not sent there."
        raise Refused(sentence, {"secret": sentence})
    changes: dict[str, object] = {"url": checked, "user": user}
    return writing.change(actor, row, now, changes if secret is None else {**changes, "secret": secret})


def forget_server(actor: Actor, now: datetime) -> None:
    """Budgets are read no more; what was read last goes too."""
    require(actor, Verb.CONFIGURE)
    row = Server.objects.first()
    if row is not None:
        writing.delete(actor, row, now)
        Reading.objects.all().delete()


def _check_form(row: Objective) -> None:
    if row.kind not in set(Kind):
        raise Refused(f"There is no indicator of kind “{row.kind}”.", {"kind": "Choose one from the list."})
    row.objective = Decimal(str(row.objective))
    try:
        row.clean_fields(exclude=["slug", "service"])
    except ValidationError as error:
        raise refusal(error) from error
