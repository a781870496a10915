"""The checks of a server; asked for by `tests.clients.beside`."""

from tocsin.checks.models import Check


def seen_checks() -> list[dict[str, object]]:
    return [
        {
            "name": check.name,
            "state": check.state,
            "reason": check.reason,
            "pings": [
                [p.kind, p.exit_code, p.body, p.seconds is not None, p.run_id] for p in check.pings.order_by("id")
            ],
        }
        for check in Check.objects.order_by("id")
    ]
