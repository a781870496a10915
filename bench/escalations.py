"""10,000 escalations due at one instant: how long until every page is in the outbox. Durable, on both databases."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

COUNT = 10_000
PEOPLE = 50
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def run() -> dict[str, dict[str, object]]:
    return _measured("sqlite") | _measured("postgresql")


def _measured(database: str) -> dict[str, dict[str, object]]:
    """In a process of its own: Django knows one database in its life."""
    environment = {**os.environ, "TEST_DATABASE": database, "DJANGO_SETTINGS_MODULE": "tocsin.config.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.escalations", database], env=environment, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, dict[str, object]] = json.loads(done.stdout)
    return figures


def main(database: str) -> None:
    begin()
    fill()
    print(json.dumps({f"{COUNT:,} escalations due at once, {database}": advance()}))


def begin() -> None:
    import django  # noqa: PLC0415 - only after the settings are known
    from django.core.management import call_command  # noqa: PLC0415
    from tests import databases  # noqa: PLC0415

    os.environ["TOCSIN_DATA"] = str(databases.scratch())
    os.environ["TOCSIN_DATABASE_URL"] = databases.fresh()
    os.environ.setdefault("TOCSIN_SECRET_KEY", "a key for benchmarks, long enough to be taken")
    django.setup()
    call_command("migrate", verbosity=0)


def fill() -> None:
    """Fifty people with an address each, on call by ten schedules for ten services, and an alert group each time."""
    from django.db import transaction  # noqa: PLC0415
    from tests.apps import domain  # noqa: PLC0415
    from tests.apps.hearing import make_integration  # noqa: PLC0415
    from tests.world import World  # noqa: PLC0415

    from tocsin.alerts.changes import ChangeKind, GroupChange  # noqa: PLC0415
    from tocsin.alerts.models import Alert, AlertGroup  # noqa: PLC0415
    from tocsin.alerts.rows import as_row  # noqa: PLC0415
    from tocsin.paging import running  # noqa: PLC0415
    from tocsin.services.actions import create_service  # noqa: PLC0415

    world = World(AT)
    people = [world.person(f"Person {n}".replace(" ", "-")) for n in range(PEOPLE)]
    schedules = [domain.schedule(f"On call {n}", domain.weekly(*(p.user for p in people[n::10]))) for n in range(10)]
    services = [create_service(domain.ADMIN, f"Service {s}", world.policy([s], [people[0]]), AT) for s in schedules]
    integrations = [make_integration(service) for service in services]
    open_now = {"severity": "critical", "urgency": "high", "state": "triggered", "opened_at": AT, "last_event_at": AT}
    groups = AlertGroup.objects.bulk_create(
        (AlertGroup(title=f"Disk {n} is full", service=services[n % 10], **open_now) for n in range(COUNT)), 1000
    )
    fields = {"state": "triggered", "severity": "critical", "opened_at": AT, "last_event_at": AT, "source": "db1"}
    Alert.objects.bulk_create(
        (
            Alert(
                group=g, integration=integrations[n % 10], dedup_key=str(n), summary=g.title, details=_LABELS, **fields
            )
            for n, g in enumerate(groups)
        ),
        1000,
    )
    with transaction.atomic():
        running.follow([GroupChange(row=as_row(group), kind=ChangeKind.OPENED) for group in groups], AT)


def advance() -> dict[str, object]:
    from tocsin import clock  # noqa: PLC0415
    from tocsin.engine import garbage  # noqa: PLC0415
    from tocsin.outbox.models import Message  # noqa: PLC0415
    from tocsin.paging import running  # noqa: PLC0415

    garbage.settle()  # as the engine does when it starts
    began, busy = clock.monotonic(), time.process_time()
    while running.advance_due(AT):
        pass
    took, busy = clock.monotonic() - began, time.process_time() - busy
    pages = Message.objects.count()
    if pages < COUNT:
        raise AssertionError(f"only {pages} pages")
    return {"ours": round(took, 2), "target": 5.0, "unit": "s", "of that CPU": round(busy, 2), "pages": pages}


_LABELS = {"instance": "db1.example.org", "job": "node", "threshold": "5 %", "free": "1.2 GB"}

if __name__ == "__main__":
    main(sys.argv[1])
