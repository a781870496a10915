"""Pings as they are absorbed: kept, and taken for what they say, in the transaction of their batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.alerts.changes import Told
from tocsin.checks import heartbeats
from tocsin.checks.models import Check, Ping
from tocsin.core.signals import Beat

Names = dict[tuple[int, str], Check]


def hear(told: Sequence[Told], now: datetime) -> None:
    """In order. A name that no heartbeat of the integration has is passed over; none is made for it."""
    known = _known({t.integration.pk for t in told})
    for one in told:
        if isinstance(one.what, Beat) and (check := _meant(known, one, one.what)) is not None:
            _hear(check, one, one.what, now)


def _known(integrations: Iterable[int]) -> Names:
    """Locked, in one order for everybody."""
    rows = Check.objects.select_for_update().filter(integration__in=list(integrations)).order_by("pk")
    found: Names = {}
    for row in rows:
        found[row.integration_id or 0, row.name] = row
        found.setdefault((row.integration_id or 0, ""), row)
    return found


def _meant(known: Names, told: Told, beat: Beat) -> Check | None:
    return known.get((told.integration.pk, beat.name))


def _hear(check: Check, told: Told, beat: Beat, now: datetime) -> None:
    ping = Ping(
        check_of=check,
        at=told.event.received_at,
        kind=beat.kind,
        exit_code=beat.exit_code,
        run_id=beat.run_id,
        body=beat.body,
        seconds=beat.seconds,
        receipt=told.event.receipt,
    )
    heartbeats.hear(check, ping)
    ping.save()
    heartbeats.look(check, max(now, ping.at), ping)
