"""Pings as they are absorbed: kept, and taken for what they say, in the transaction of their batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.alerts.changes import Told
from tocsin.checks import heartbeats, unmet
from tocsin.checks.models import Check, Ping
from tocsin.core.signals import Beat

Names = dict[tuple[int, str], Check]


def hear(told: Sequence[Told], now: datetime) -> None:
    """In order. None is made for a name that no heartbeat of the integration has: its receipt says so, and a banner.

    Opsgenie's clients hear 202 nevertheless, as from Opsgenie, which does not look before it answers:
    https://docs.opsgenie.com/docs/lamp-heartbeat-commands
    """
    known = _known({t.integration.pk for t in told})
    strange = []
    for one in told:
        if not isinstance(one.what, Beat):
            continue
        check = _meant(known, one, one.what)
        if check is None:
            strange.append(one)
        else:
            _hear(check, one, one.what, now)
    unmet.tell(strange, now)
    unmet.forget({(t.integration.pk, name) for t in told if (name := unmet.name_of(t))} & known.keys(), now)


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
