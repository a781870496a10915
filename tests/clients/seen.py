"""The alert groups of a server and how they were paged; asked for by `tests.clients.beside`."""

from tocsin.alerts.models import AlertGroup, Event


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
