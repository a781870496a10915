"""A tick with nothing to do, while a million escalations wait for their time. On both databases."""

import json
import os
import statistics
import subprocess
import sys
from datetime import UTC, datetime

from bench.escalations import begin

TIMERS = 1_000_000
TICKS = 50
AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def run() -> dict[str, dict[str, object]]:
    return _measured("sqlite") | _measured("postgresql")


def _measured(database: str) -> dict[str, dict[str, object]]:
    environment = {**os.environ, "TEST_DATABASE": database, "DJANGO_SETTINGS_MODULE": "tocsin.config.settings"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.idle", database], env=environment, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, dict[str, object]] = json.loads(done.stdout)
    return figures


def main(database: str) -> None:
    begin()
    fill(database)
    print(json.dumps({f"idle tick with {TIMERS:,} timers, {database}": ticks()}))


def fill(database: str, timers: int = TIMERS) -> None:
    """Rows by SQL: a quarter acknowledged, the rest running, all due in the days to come."""
    from django.db import connection  # noqa: PLC0415

    from tocsin.policies.models import PolicyVersion  # noqa: PLC0415

    version = PolicyVersion.objects.create(digest="x", body={}, created_at=AT)
    with connection.cursor() as cursor:
        cursor.execute(_SQL[database], [version.pk, timers])
        cursor.execute("ANALYZE")


def ticks() -> dict[str, object]:
    from tocsin import clock  # noqa: PLC0415
    from tocsin.engine.tick import tick  # noqa: PLC0415

    took = []
    for _ in range(TICKS):
        began = clock.monotonic()
        worked = tick(AT)
        took.append((clock.monotonic() - began) * 1000)
        if worked.anything or worked.failed:
            raise AssertionError(f"not idle: {worked}")
    worst = sorted(took)[int(TICKS * 0.95)]
    return {"ours": round(statistics.median(took), 2), "target": 20, "unit": "ms", "p95": round(worst, 2)}


_COLUMNS = """INSERT INTO paging_escalation (kind, snapshot_id, urgency, status, step, catch_all_paged, round,
    repeats_left, next_due, answers_needed, answered, version, reason, error, started_at)"""
_SQL = {
    "sqlite": f"""WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers)
        {_COLUMNS}
        SELECT 'alert', %s, 'high', CASE n %% 4 WHEN 0 THEN 'acknowledged' ELSE 'running' END, 1, false, 0, 0,
            datetime('2026-03-04 12:05:00', '+' || n || ' seconds'), 1, '[]', 1, 'step paged', '', '2026-03-04 12:00:00'
        FROM numbers LIMIT %s""",
    "postgresql": f"""{_COLUMNS}
        SELECT 'alert', given.version, 'high', CASE n %% 4 WHEN 0 THEN 'acknowledged' ELSE 'running' END,
            1, false, 0, 0, timestamptz '2026-03-04 12:05Z' + n * interval '1 second', 1,
            '[]'::jsonb, 1, 'step paged', '', '2026-03-04 12:00Z'
        FROM (SELECT %s::bigint AS version, %s::bigint AS wanted) given, generate_series(0, given.wanted - 1) n""",
}

if __name__ == "__main__":
    main(sys.argv[1])
