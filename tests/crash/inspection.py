"""`python -m tests.crash.inspection`: what a server's database looks like, as JSON, when its work is done.

Waits until nothing is under way, unless told `at-once`, or `within=SECONDS`. `receipts=FILE` has receipts, one a line:
those of them that nothing is known of are told. Runs beside a server, in its environment.
"""

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tocsin.config import django_setup

django_setup.setup()

from django.db.models import Count, Q  # noqa: E402 - Django has to be set up first

from tocsin import clock  # noqa: E402
from tocsin.alerts.models import Alert, AlertGroup, Event, Waiting  # noqa: E402
from tocsin.core import lifecycle  # noqa: E402
from tocsin.health import counters  # noqa: E402
from tocsin.health.problems import open_problems  # noqa: E402
from tocsin.outbox import claims  # noqa: E402
from tocsin.outbox.models import Message  # noqa: E402
from tocsin.paging.models import Escalation, Notification  # noqa: E402

WITHIN = 30.0  # seconds


@dataclass(kw_only=True)
class Seen:
    events: dict[str, int] = field(default_factory=dict)  # by state
    messages: dict[str, int] = field(default_factory=dict)
    notifications: dict[str, int] = field(default_factory=dict)
    escalations: dict[str, int] = field(default_factory=dict)
    dedup_keys: list[str] = field(default_factory=list)  # of the alerts
    illegal: list[str] = field(default_factory=list)
    unknown_receipts: list[str] = field(default_factory=list)
    possible_duplicates: int = 0
    repairs: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # that are shown


def inspect() -> Seen:
    return Seen(
        events=dict(Counter(event.state for event in Event.objects.select_related("waiting", "quarantine"))),
        messages=_by("state", Message),
        notifications=_by("state", Notification),
        escalations=_by("status", Escalation),
        dedup_keys=list(Alert.objects.order_by("id").values_list("dedup_key", flat=True)),
        illegal=[f"{what}: {count}" for what, count in _illegal().items() if count],
        unknown_receipts=_unknown(option("receipts")),
        possible_duplicates=counters.value(claims.POSSIBLE_DUPLICATES),
        repairs={n: v for n, v in counters.values().items() if n.startswith("repaired")},
        problems=[problem.title for problem in open_problems()],
    )


def _unknown(path: str) -> list[str]:
    given = set(Path(path).read_text().split()) if path else set()
    return sorted(given - {str(receipt) for receipt in Event.objects.values_list("receipt", flat=True)})


def option(name: str) -> str:
    return next((word.partition("=")[2] for word in sys.argv if word.startswith(f"{name}=")), "")


def _by(name: str, model: type[Message | Notification | Escalation]) -> dict[str, int]:
    return dict(model.objects.order_by().values_list(name).annotate(count=Count("pk")))  # type: ignore[attr-defined]


def _illegal() -> dict[str, int]:
    live = Count("escalations", filter=Q(escalations__status__in=["running", "acknowledged"]))
    triggered = AlertGroup.objects.filter(state="triggered").exclude(urgency="none").annotate(live=live)
    running = Escalation.objects.filter(status="running")
    acknowledged = AlertGroup.objects.filter(state="acknowledged")
    leased = Message.objects.filter(state="sending", lease_until__lt=clock.database_now())
    return {
        "triggered groups without exactly one live escalation": triggered.exclude(live=1).count(),
        "triggered groups whose escalation does not run": triggered.exclude(escalations__status="running").count(),
        "acknowledged groups whose escalation runs": acknowledged.filter(escalations__status="running").count(),
        "live escalations of resolved groups": Escalation.objects.filter(
            status__in=["running", "acknowledged"], group__state="resolved"
        ).count(),
        "groups that are not in the state of their alerts": _astray(),
        "messages whose lease ran out": leased.count(),
        "messages to be sent whose lease is kept": Message.objects.exclude(state="sending")
        .exclude(leased_by="", lease_until=None)
        .count(),
        "escalations that are over and due": Escalation.objects.filter(status="ended").exclude(next_due=None).count(),
        "groups without alerts": AlertGroup.objects.annotate(n=Count("alerts")).filter(n=0).count(),
        "running escalations without a next step": running.filter(next_due=None).count(),
        "running escalations that paged nobody": running.filter(notifications=None).count(),
        "absorbed events without an outcome": Event.objects.filter(
            waiting=None, quarantine=None, outcomes=None
        ).count(),
        "messages without a notification": Message.objects.filter(notification=None).count(),
        "sent messages with unsent notifications": Message.objects.filter(state="sent")
        .exclude(notification__state="sent")
        .count(),
    }


def _astray() -> int:
    """The most urgent state of its alerts is the group's."""
    groups = AlertGroup.objects.annotate(
        triggered=Count("alerts", filter=Q(alerts__state="triggered")),
        acknowledged=Count("alerts", filter=Q(alerts__state="acknowledged")),
    )
    return sum(g.state != lifecycle.group_state(g.triggered, g.acknowledged) for g in groups)


def is_at_rest() -> bool:
    unread = Waiting.objects.exists()
    unsent = Message.objects.filter(state__in=["pending", "sending", "unknown"]).exists()
    due = Escalation.objects.filter(next_due__lte=clock.database_now()).exists()
    return not (unread or unsent or due)


if __name__ == "__main__":
    end = clock.monotonic() + float(option("within") or WITHIN)
    while "at-once" not in sys.argv and not is_at_rest() and clock.monotonic() < end:
        clock.sleep(0.1)
    sys.stdout.write(json.dumps(asdict(inspect())))
