"""`python -m tests.clients.seen`: the alert groups of a server and how they were paged, as JSON; beside a server."""

import json
import sys

from tocsin.config import django_setup

django_setup.setup()

from tocsin.alerts.models import AlertGroup, Event  # noqa: E402 - Django has to be set up first


def seen() -> dict[str, object]:
    groups = AlertGroup.objects.order_by("id").prefetch_related("escalations", "alerts")
    return {
        "events": [(event.kind, event.state) for event in Event.objects.order_by("id")],
        "groups": [
            {
                "title": group.title,
                "state": group.state,
                "severity": group.severity,
                "alerts": [alert.dedup_key for alert in group.alerts.all()],
                "states": [alert.state for alert in group.alerts.all()],
                "escalations": [escalation.status for escalation in group.escalations.all()],
            }
            for group in groups
        ],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seen()))
