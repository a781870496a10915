"""Takes open groups in hand: locked until the transaction ends."""

from collections.abc import Collection, Mapping

from django.db.models import Count, Q

from tocsin.alerts.holding import Holding
from tocsin.alerts.models import Alert, AlertGroup
from tocsin.alerts.rows import GROUP_COLUMNS, GroupRow


def hold(group_ids: Collection[int]) -> dict[int, Holding]:
    """Locks the groups, always in the order of their ids; never FOR UPDATE: inserts that refer to them would wait."""
    if not group_ids:
        return {}
    rows = AlertGroup.objects.filter(~Q(state="resolved"), pk__in=group_ids).order_by("id")
    held = rows.select_for_update(no_key=True).values_list(*GROUP_COLUMNS)
    return {row[0]: Holding(GroupRow(**dict(zip(GROUP_COLUMNS, row, strict=True)))) for row in held}


def count_open(holdings: Mapping[int, Holding]) -> None:
    """How many alerts of each group are in which state. A group that never had a second alert needs no counting."""
    many = []
    for pk, holding in holdings.items():
        if holding.row.alert_count == 1:
            holding.count(holding.row.state, 1)
            holding.held = 1 if holding.row.held else 0
        else:
            many.append(pk)
    if not many:
        return
    counts = Alert.objects.filter(group_id__in=many).exclude(state="resolved").order_by()
    counted = counts.values_list("group_id", "state").annotate(count=Count("id"), held=Count("id", filter=~Q(held="")))
    for group_id, state, count, held in counted:
        holdings[group_id].count(state, count)
        holdings[group_id].held += held
