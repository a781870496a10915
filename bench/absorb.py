"""How fast events become alerts: distinct ones and repeats, in the engine's batches, durable, on both databases."""

import json
import os
import resource
import subprocess
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

EVENTS = 20_000
_RUNS = (  # name, beginning of the dedup keys, how many of them, whether escalations start too
    ("distinct alerts", "a", EVENTS, False),
    ("duplicates", "a", EVENTS, False),
    ("repeats of 500 keys", "b", 500, False),
    ("repeats of 100 keys", "d", 100, False),
    ("distinct alerts with escalations", "c", EVENTS, True),
)
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def run() -> dict[str, dict[str, object]]:
    return _measured("sqlite") | _measured("postgresql")


def _measured(database: str) -> dict[str, dict[str, object]]:
    """In a process of its own: Django knows one database in its life."""
    environment = {**os.environ, "TEST_DATABASE": database, "DJANGO_SETTINGS_MODULE": "tocsin.config.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.absorb", database], env=environment, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, dict[str, object]] = json.loads(done.stdout)
    return figures


def main(database: str) -> None:
    _begin()
    figures = {}
    for name, prefix, keys, pages in _RUNS:
        _fill(prefix, keys)
        figures[f"absorb, {name}, {database}"] = {"unit": "events/s", **_absorb(pages=pages)}
    print(json.dumps(figures))


def _begin() -> None:
    import django  # noqa: PLC0415 - only after the settings are known
    from django.core.management import call_command  # noqa: PLC0415
    from tests import databases  # noqa: PLC0415

    from tocsin.engine import garbage  # noqa: PLC0415

    os.environ["TOCSIN_DATA"] = str(databases.scratch())
    os.environ["TOCSIN_DATABASE_URL"] = databases.fresh()
    os.environ.setdefault("TOCSIN_SECRET_KEY", "a key for benchmarks, long enough to be taken")
    django.setup()
    garbage.settle()
    call_command("migrate", verbosity=0)


def _fill(prefix: str, keys: int) -> None:
    from tests.apps.hearing import make_integration, make_service  # noqa: PLC0415

    from tocsin.alerts.models import Event  # noqa: PLC0415
    from tocsin.services.models import Integration  # noqa: PLC0415

    integrations = list(Integration.objects.all()) or [
        make_integration(make_service(f"service {n}")) for n in range(20)
    ]
    Event.objects.bulk_create(
        (
            Event(
                receipt=uuid.uuid4(),
                integration=integrations[n % keys % len(integrations)],
                kind="pagerduty",
                body=_body(f"{prefix}{n % keys}"),
                received_at=AT,
            )
            for n in range(EVENTS)
        ),
        batch_size=1000,
    )


def _body(number: str) -> bytes:
    payload = {
        "summary": f"Disk {number} is nearly full on db{number}.example.org",
        "source": f"db{number}.example.org",
        "severity": "critical",
        "component": "disk",
        "custom_details": {"free": "1.2 GB", "threshold": "5 %", "runbook": "https://wiki.example.org/disk"},
    }
    event = {"routing_key": "0" * 32, "event_action": "trigger", "dedup_key": f"disk/{number}", "payload": payload}
    return json.dumps(event).encode()


def _absorb(*, pages: bool) -> dict[str, object]:
    """The CPU of this process is the steadier figure where others wait for the same cores."""
    from django.db import connection, reset_queries  # noqa: PLC0415

    from tocsin import clock  # noqa: PLC0415
    from tocsin.alerts.absorbing import absorb  # noqa: PLC0415
    from tocsin.engine.tick import BATCH  # noqa: PLC0415
    from tocsin.paging import running  # noqa: PLC0415

    def ignore(changes: Sequence[object], now: datetime) -> None:
        """Absorbing alone."""

    follow = running.follow if pages else ignore
    connection.force_debug_cursor = True
    absorb(AT, follow, BATCH)
    queries = len(connection.queries)
    connection.force_debug_cursor = False
    reset_queries()
    began, spent, count = clock.monotonic(), _cpu(), 0
    while done := absorb(AT, follow, BATCH).events:
        count += done
    rate, each = count / (clock.monotonic() - began), (_cpu() - spent) / count
    return {"ours": round(rate), "µs of CPU an event": round(each * 1e6, 1), "queries a batch": queries}


def _cpu() -> float:
    """Seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(sys.argv[1])
