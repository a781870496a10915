"""Making, changing, pausing and deleting checks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.checks import heartbeats, settling, validating
from tocsin.checks.configs import HEARTBEAT, HTTP, PROBES, ProbeConfig, plain
from tocsin.checks.looking import look
from tocsin.checks.models import Check, Site
from tocsin.checks.settling import News
from tocsin.core import heartbeats as rules
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.probes import Finding, State
from tocsin.core.signals import Action, Severity
from tocsin.health import wakeups
from tocsin.people import writing
from tocsin.people.problems import Refused
from tocsin.services import actions as services
from tocsin.services.models import Integration, Service

CHANGEABLE = {"name", "note", "severity", "config", "headers"}
_OUTLET = "Own checks"
_PAUSED = rules.Reason.PAUSED.sentence


def create_check(
    actor: Actor,
    service: Service,
    kind: str,
    name: str,
    now: datetime,
    *,
    config: Mapping[str, Any],
    note: str = "",
    severity: str = Severity.CRITICAL,
    headers: str = "",
    integration: Integration | None = None,
) -> tuple[Check, str]:
    """The check, and the key of its ping address, which is shown once; empty for a probe.

    `integration`: through which the pings of a heartbeat come, when it is not to have an address of its own.
    """
    require(actor, Verb.CONFIGURE)
    row = Check(kind=kind, service=service, name=name.strip(), note=note, severity=severity, since=now, created_at=now)
    row.config = _checked(kind, config, now)
    row.headers = _headers(kind, headers)
    with transaction.atomic():
        row.outlet = _outlet(actor, service, now)
        key = ""
        if kind == HEARTBEAT:
            row.integration, key = _way_in(actor, row, integration, now)
            row.reason = rules.Reason.UNHEARD.sentence
        writing.create(actor, row, now)
        _place_sites(row, now)
    return row, key


def change_check(actor: Actor, row: Check, now: datetime, **changes: object) -> Check:
    require(actor, Verb.CONFIGURE)
    writing.check_fields(changes, CHANGEABLE)
    if isinstance(config := changes.get("config"), Mapping):
        changes["config"] = _checked(row.kind, config, now)
        changes.setdefault("headers", kept_headers(row, config))
    if "headers" in changes:
        changes["headers"] = _headers(row.kind, str(changes["headers"]))
    with transaction.atomic():
        locked = _locked(row)
        is_other = "config" in changes and changes["config"] != locked.config
        changed = writing.change(actor, locked, now, changes)
        if is_other:
            _follow_config(changed, now)
    return changed


def kept_headers(row: Check, config: Mapping[str, Any]) -> str:
    """Those that are kept, for the place that they were given for: elsewhere they would be given away."""
    before, after = (urlsplit(str(c.get("url", ""))) for c in (row.config, config))
    return row.headers if (before.scheme, before.netloc) == (after.scheme, after.netloc) else ""


def pause(actor: Actor, row: Check, now: datetime) -> None:
    """Nothing is expected and nothing is looked at. Its alert, when there is one, is resolved: somebody has decided."""
    require(actor, Verb.CONFIGURE)
    with transaction.atomic():
        locked = _locked(row)
        if locked.is_paused:
            return
        _end_alert(locked, now)
        settling.settle(locked, State.PAUSED, _PAUSED, News(summary=""), now)
        locked.is_paused, locked.next_due = True, None
        locked.save()
        Site.objects.filter(check_of=locked).update(next_due=None)
        record(actor, "paused", locked, now)


def resume(actor: Actor, row: Check, now: datetime) -> None:
    """What was held against it is forgotten: from now on it is waited for, or looked at."""
    require(actor, Verb.CONFIGURE)
    with transaction.atomic():
        locked = _locked(row)
        if not locked.is_paused:
            return
        locked.is_paused = False
        if locked.is_heartbeat:
            heartbeats.begin_anew(locked, now)
            locked.save()
            heartbeats.look(locked, now)
        else:
            settling.settle(locked, State.NEW, "", News(summary=""), now)
            locked.save()
            _begin_sites(locked, now)
        record(actor, "resumed", locked, now)


def delete_check(actor: Actor, row: Check, now: datetime) -> None:
    """With its pings and results. Its alert is resolved; alerts of the past stay."""
    require(actor, Verb.CONFIGURE)
    with transaction.atomic():
        locked = _locked(row)
        _end_alert(locked, now)
        way_in = locked.integration
        writing.delete(actor, locked, now)
        if way_in is not None and way_in.kind == HEARTBEAT:
            services.delete_own(actor, way_in, now)


def new_key(actor: Actor, row: Check, now: datetime) -> str:
    """The key of a new ping address. The old address stops within seconds."""
    require(actor, Verb.CONFIGURE)
    if row.integration is None or row.integration.kind != HEARTBEAT:
        raise Refused(f"{row} has no ping address of its own.")
    return services.rotate_key(actor, row.integration, now)


def look_soon(actor: Actor, row: Check, now: datetime) -> None:
    """A probe is due at once, in every region."""
    require(actor, Verb.RESPOND)
    if row.is_heartbeat or row.is_paused:
        raise Refused(f"{row} is not a probe that runs. Nothing was looked at.")
    Site.objects.filter(check_of=row).update(next_due=now)
    wakeups.notify()


def try_probe(actor: Actor, kind: str, config: Mapping[str, Any], headers: str, now: datetime) -> Finding:
    """One look, from the node that answers this request. Nothing is kept and nobody is told."""
    require(actor, Verb.CONFIGURE)
    read = validating.checked(kind, config, now)
    if not isinstance(read, ProbeConfig):
        raise Refused("A heartbeat is pinged, not looked at.")
    return look(kind, read, _headers(kind, headers), now)


def _checked(kind: str, config: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Before any lock is taken: a name may take seconds to resolve."""
    read = validating.checked(kind, config, now)
    validating.check_place(read)
    return plain(read)


def _headers(kind: str, headers: str) -> str:
    if headers and kind != HTTP:
        raise Refused("Only an HTTP probe has headers.", {"headers": "Only an HTTP probe has headers."})
    return validating.check_headers(headers)


def _locked(row: Check) -> Check:
    return (
        Check.objects.select_for_update(of=("self",)).select_related("service", "integration", "outlet").get(pk=row.pk)
    )


def _outlet(actor: Actor, service: Service, now: datetime) -> Integration:
    """By which the verdicts of all checks of a service come in; made with the first of them."""
    Service.objects.select_for_update().get(pk=service.pk)  # two that come first at the same time make one
    found = Integration.objects.filter(service=service, kind="checks", deleted_at=None).order_by("pk").first()
    return found or services.create_own(actor, service, "checks", _OUTLET, now)[0]


def _way_in(actor: Actor, row: Check, given: Integration | None, now: datetime) -> tuple[Integration, str]:
    if given is None:
        return services.create_own(actor, row.service, HEARTBEAT, row.name[:80], now)
    if given.service_id != row.service_id:
        raise Refused("Its pings can come only through an integration of its own service.")
    return given, ""


def _end_alert(row: Check, now: datetime) -> None:
    if row.is_alerting:
        settling.tell(row, Action.RESOLVE, News(summary=""), now)


def _follow_config(row: Check, now: datetime) -> None:
    if row.kind in PROBES:
        _place_sites(row, now)
        return
    if row.expected_at is not None:
        row.expected_at = heartbeats.expected(row, now)
    heartbeats.look(row, now)


def _place_sites(row: Check, now: datetime) -> None:
    """One a region, or a single one anywhere. What stays keeps its tally and is looked at at once."""
    if row.kind not in PROBES:
        return
    regions = row.config["regions"] or [""]
    row.sites.exclude(region__in=regions).delete()
    for region in regions:
        Site.objects.update_or_create(
            check_of=row, region=region, defaults={"next_due": None if row.is_paused else now}
        )
    wakeups.notify()


def _begin_sites(row: Check, now: datetime) -> None:
    row.sites.update(state=State.NEW, failures=0, successes=0, error="", next_due=now)
    wakeups.notify()
