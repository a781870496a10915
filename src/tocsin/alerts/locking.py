"""Takes open groups in hand: locked until the transaction ends."""

from collections.abc import Collection, Mapping

from django.db.models import Count, Q

from tocsin.alerts import fetching
from tocsin.alerts.fetching import Moment, moment
from tocsin.alerts.holding import Holding, standing
from tocsin.alerts.models import Alert
from tocsin.alerts.rows import GROUP_COLUMNS, GroupRow
from tocsin.core.signals import Urgency
from tocsin.health import bulk

_MOMENTS = ("opened_at", "last_event_at", "acknowledged_at", "resolved_at")
_COLUMNS = ", ".join(GROUP_COLUMNS)
_COLUMNS_SQLITE = ", ".join(fetching.column(f"found.{name}", is_moment=name in _MOMENTS) for name in GROUP_COLUMNS)
_OPEN = (
    f"SELECT {_COLUMNS} FROM alerts_alertgroup WHERE id = ANY(%b::bigint[]) AND NOT (state = 'resolved') "  # noqa: S608
    "ORDER BY id FOR NO KEY UPDATE"
)
_OPEN_SQLITE = (
    f"SELECT {_COLUMNS_SQLITE} FROM json_each(%s) wanted CROSS JOIN alerts_alertgroup found "  # noqa: S608 - names of ours
    "ON found.id = wanted.value WHERE NOT (found.state = 'resolved')"
)


def hold(group_ids: Collection[int]) -> dict[int, Holding]:
    """Locks the groups, always in the order of their ids; never FOR UPDATE: inserts that refer to them would wait."""
    if not group_ids:
        return {}
    ids = sorted(group_ids)
    found = fetching.rows(_OPEN, [ids]) if bulk.is_shared() else fetching.rows(_OPEN_SQLITE, [bulk.json_text(ids)])
    return {values[0]: _in_hand(*values) for values in found}


def _in_hand(
    pk: int, service_id: int, title: str, severity: str, urgency: str, state: str, opened_at: Moment,
    last_event_at: Moment, acknowledged_at: Moment | None, acknowledged_by: int | None, resolved_at: Moment | None,
    resolved_by: int | None, alerts: int, events: int, version: int, key: str, policy_id: int | None, held: str,
) -> Holding:  # fmt: skip
    """In the order of `GROUP_COLUMNS`."""
    row = GroupRow(
        id=pk,
        service_id=service_id,
        title=title,
        severity=severity,
        urgency=urgency,
        state=state,
        opened_at=moment(opened_at),
        last_event_at=moment(last_event_at),
        acknowledged_at=moment(acknowledged_at),
        acknowledged_by_id=acknowledged_by,
        resolved_at=moment(resolved_at),
        resolved_by_id=resolved_by,
        alert_count=alerts,
        event_count=events,
        version=version,
        key=key,
        policy_id=policy_id,
        held=held,
    )
    return Holding(row, before=standing(row))


def count_open(holdings: Mapping[int, Holding]) -> None:
    """How many alerts of each group are in which state. A group that never had a second alert needs no counting."""
    many = []
    for pk, holding in holdings.items():
        if holding.row.alert_count == 1:
            holding.count(holding.row.state, 1)
            holding.held = 1 if holding.row.held else 0
            holding.mute = 1 if not holding.held and holding.row.urgency == Urgency.NONE else 0
        else:
            many.append(pk)
    if not many:
        return
    counts = Alert.objects.filter(group_id__in=many).exclude(state="resolved").order_by()
    counted = counts.values_list("group_id", "state").annotate(
        count=Count("id"),
        mute=Count("id", filter=Q(held="", urgency=Urgency.NONE)),
        held=Count("id", filter=~Q(held="")),  # last: from here on the name is this count's
    )
    for group_id, state, count, mute, held in counted:
        holdings[group_id].count(state, count)
        holdings[group_id].held += held
        holdings[group_id].mute += mute
