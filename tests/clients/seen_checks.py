"""`python -m tests.clients.seen_checks`: the checks of a server, as JSON; beside a server."""

import json
import sys

from tocsin.config import django_setup

django_setup.setup()

from tocsin.checks.models import Check  # noqa: E402 - Django has to be set up first


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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seen_checks()))
