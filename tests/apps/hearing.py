"""Events in the table, as `ingest` puts them there, and what became of them."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from tocsin.alerts.absorbing import Absorbed, absorb
from tocsin.alerts.changes import GroupChange
from tocsin.alerts.models import Alert, AlertGroup, Event, Quarantine, Waiting
from tocsin.people.models import User
from tocsin.policies.models import EscalationPolicy
from tocsin.services.models import Integration, Service

NOON = datetime(2026, 3, 4, 12, tzinfo=datetime.fromisoformat("2026-01-01T00:00:00+00:00").tzinfo)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def make_user(name: str = "Ada") -> User:
    return User.objects.create(email=f"{name.lower()}@example.org", name=name, created_at=NOON)


def make_service(name: str = "checkout", group_minutes: int = 0, **more: object) -> Service:
    policy, _ = EscalationPolicy.objects.get_or_create(name="Default", slug="default")
    fields: dict[str, object] = {"group_minutes": group_minutes, "storm_threshold": 0} | more
    return Service.objects.create(name=name, slug=name, policy=policy, created_at=NOON, **fields)


def make_integration(service: Service | None = None, kind: str = "pagerduty", name: str = "Monitoring") -> Integration:
    service = service or make_service()
    return Integration.objects.create(
        service=service, kind=kind, name=name, key_hash=uuid.uuid4().hex, key_hint="ab12", created_at=NOON
    )


class Source:
    """A monitoring tool that speaks PagerDuty's format."""

    def __init__(self, integration: Integration, follow: Callable[..., None] | None = None) -> None:
        self.integration = integration
        self.changes: list[tuple[str, str]] = []  # what was told to those who page: kind and title
        self.follow = follow or self._follow

    def _follow(self, changes: Sequence[GroupChange], now: datetime) -> None:
        assert all(change.group.pk for change in changes)
        self.changes += [(change.kind.value, change.group.title) for change in changes]

    def triggers(self, key: str = "disk", severity: str = "error", summary: str = "", **fields: object) -> Event:
        at = fields.pop("at", NOON)
        payload = {"summary": summary or key, "source": "db1", "severity": severity, "custom_details": fields}
        return self.says({"event_action": "trigger", "dedup_key": key, "payload": payload}, at)

    def acknowledges(self, key: str = "disk", at: datetime = NOON) -> Event:
        return self.says({"event_action": "acknowledge", "dedup_key": key}, at)

    def resolves(self, key: str = "disk", at: datetime = NOON) -> Event:
        return self.says({"event_action": "resolve", "dedup_key": key}, at)

    def says(self, message: dict[str, object], at: object = NOON) -> Event:
        body = json.dumps({"routing_key": "0" * 32, **message}).encode()
        return self.sends(body, at)

    def sends(self, body: bytes, at: object = NOON) -> Event:
        return Event.objects.create(
            receipt=uuid.uuid4(), integration=self.integration, kind=self.integration.kind, body=body, received_at=at
        )

    def absorbed(self, now: datetime = NOON, limit: int = 500) -> Absorbed:
        return absorb(now, self.follow, limit)

    def reasons(self) -> list[str]:
        """Of every signal so far, in order."""
        events = Event.objects.filter(integration=self.integration).order_by("id")
        return [o.reason for e in events for o in e.outcomes.order_by("position")]


def set_aside(event: Event, error: str) -> None:
    """As absorbing does with one that it cannot read."""
    Waiting.objects.filter(pk=event.pk).delete()
    Quarantine.objects.create(event=event, received_at=event.received_at, error=error, at=event.received_at)


def states() -> list[tuple[str, str]]:
    """Every alert's key and state, oldest first."""
    return list(Alert.objects.order_by("id").values_list("dedup_key", "state"))


def group_states() -> list[tuple[str, str]]:
    """Every group's title and state, oldest first."""
    return list(AlertGroup.objects.order_by("id").values_list("title", "state"))


@contextmanager
def switched_off(integration: Integration) -> Iterator[None]:
    Integration.objects.filter(pk=integration.pk).update(is_enabled=False)
    yield
    Integration.objects.filter(pk=integration.pk).update(is_enabled=True)
