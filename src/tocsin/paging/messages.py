"""What a page says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from tocsin.alerts import firsts, noises
from tocsin.alerts.firsts import First
from tocsin.alerts.models import AlertGroup
from tocsin.channels.contract import Content
from tocsin.core.wall import Unloadable, zone_of
from tocsin.paging.models import Escalation
from tocsin.people.models import User
from tocsin.services.models import Service

# Written out, not reversed: a mistake in a view must not keep a page from leaving. tests/flows/test_links.py compares.
ACK_PATH = "/ack/{token}/"
GROUP_PATH = "/alerts/{pk}/"
PROFILE_PATH = "/profile/"
TEST_PATH = "/profile/test/{pk}/"
_DETAILS = 8  # facts of the alert itself; more are on its page


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What several people are paged for."""

    group: AlertGroup
    service: Service
    alert: First | None
    noise: tuple[tuple[str, str], ...] = ()  # facts: that it stands for many, or for what comes and goes


def subjects(groups: Iterable[AlertGroup]) -> dict[int, Subject]:
    """By the group's id. Four queries, however many groups."""
    by_id = {group.pk: group for group in groups}
    alerts = firsts.of(by_id)
    services = Service.objects.select_related("team").in_bulk({group.service_id for group in by_id.values()})
    noise = noises.of(by_id, alerts)
    return {
        pk: Subject(group=group, service=services[group.service_id], alert=alerts.get(pk), noise=noise.get(pk, ()))
        for pk, group in by_id.items()
    }


def page(subject: Subject, escalation: Escalation, user: User, token: str) -> Content:
    group, service = subject.group, subject.service
    since = _local(group.opened_at, user.time_zone)
    return Content(
        purpose="page",
        title=f"{service.name}: {group.title}",
        text=f"{group.severity.capitalize()} on {service.name} since {since}. {_asked(escalation)}",
        url=public(GROUP_PATH.format(pk=group.pk)),
        ack_url=public(ACK_PATH.format(token=token)),
        urgency=escalation.urgency,
        severity=group.severity,
        facts=tuple(_facts(subject, since)),
        data=_data(subject, escalation),
    )


def _asked(escalation: Escalation) -> str:
    if escalation.kind == "beside":
        return "You are asked to help. Acknowledge to say that you do."
    return "Nobody has acknowledged it yet."


def notice(subject: Subject, whom: str) -> Content:
    """For a chat channel or another system. Without a link that acknowledges: many read it."""
    group, service = subject.group, subject.service
    since = _local(group.opened_at, "UTC")
    paged = f"Paged: {whom}." if whom else "Nobody was paged by this step."
    return Content(
        purpose="notice",
        title=f"{service.name}: {group.title}",
        text=f"{group.severity.capitalize()} on {service.name} since {since}. {paged}",
        url=public(GROUP_PATH.format(pk=group.pk)),
        urgency=group.urgency,
        severity=group.severity,
        facts=tuple(_facts(subject, since)),
        data={"group_id": group.pk, "service": service.slug, "summary": group.title, "severity": group.severity},
    )


def shadowed(subject: Subject, whom: str) -> Content:
    """For who walks along with those on call. Without a link that acknowledges: it is not theirs to answer."""
    told = notice(subject, whom)
    return replace(told, text=f"You walk along, and nothing is expected of you. {told.text}")


def test_page(user: User, token: str) -> Content:
    return Content(
        purpose="test",
        title="Test of your pager",
        text=f"{user.name}, this is the test you asked for. Acknowledge it to show that pages reach you here.",
        url=public(PROFILE_PATH),
        ack_url=public(ACK_PATH.format(token=token)),
    )


def public(path: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def _facts(subject: Subject, since: str) -> Iterator[tuple[str, str]]:
    group, service = subject.group, subject.service
    yield from subject.noise
    yield "Service", service.name
    if service.team:
        yield "Owner", service.team.name
    yield "Severity", group.severity
    yield "Since", since
    if group.alert_count > 1:
        yield "Alerts", str(group.alert_count)
    yield from _links(subject)
    if service.rollback:
        yield "To go back", service.rollback
    if subject.alert:
        yield from _details(subject.alert)


def _links(subject: Subject) -> Iterator[tuple[str, str]]:
    """The service's own links; in their place, or beside them, those that the alert brought."""
    service = subject.service
    own = {
        "Runbook": service.runbook_url,
        "Dashboard": service.dashboard_url,
        "Logs": service.logs_url,
        "Chat": service.chat_url,
    }
    brought = {
        str(link["text"]).capitalize(): str(link["href"]) for link in (subject.alert.links if subject.alert else ())
    }
    for name in (*own, *(name for name in brought if name not in own)):
        if href := brought.get(name) or own.get(name):
            yield name, href


def _details(alert: First) -> Iterator[tuple[str, str]]:
    if alert.source:
        yield "Source", alert.source
    if alert.component:
        yield "Component", alert.component
    plain = [
        (name, value) for name, value in alert.details.items() if isinstance(value, str | int | float) and value != ""
    ]
    yield from ((str(name), str(value)[:200]) for name, value in plain[:_DETAILS])


def _data(subject: Subject, escalation: Escalation) -> Mapping[str, object]:
    group, alert = subject.group, subject.alert
    return {
        "group_id": group.pk,
        "escalation_id": escalation.pk,
        "service": subject.service.slug,
        "summary": group.title,
        "severity": group.severity,
        "opened_at": group.opened_at.isoformat(),
        "alert_count": group.alert_count,
        "dedup_key": alert.dedup_key if alert else "",
    }


def _local(at: datetime, zone_name: str) -> str:
    """On the wall of the person who reads it, with the zone's name; UTC where theirs cannot be loaded."""
    try:
        zone: ZoneInfo = zone_of(zone_name)
    except Unloadable:
        zone = zone_of("UTC")
    return f"{at.astimezone(zone):%a %H:%M %Z}"
