"""What a page says of the noise behind it: that it stands for a storm, or for an alert that flaps."""

from collections.abc import Collection, Mapping

from tocsin.alerts import stored
from tocsin.alerts.firsts import First
from tocsin.alerts.models import Weather
from tocsin.core import flapping, storms
from tocsin.health import bulk

Facts = tuple[tuple[str, str], ...]


def of(groups: Collection[int], alerts: Mapping[int, First]) -> dict[int, Facts]:
    """By the group's id, as names and values. `alerts`: of each group the one that stands for it. Two queries."""
    found = dict(_storms(groups))
    keys = {(alert.integration_id, alert.dedup_key): pk for pk, alert in alerts.items()}
    for key, flap in stored.flaps(keys).items():
        if flap.since is not None:
            found[keys[key]] = (*found.get(keys[key], ()), ("Flaps", flapping.page(flap)))
    return found


def _storms(groups: Collection[int]) -> dict[int, Facts]:
    """Of those that go on."""
    rows = Weather.objects.filter(group__in=bulk.among(groups), since__isnull=False).order_by()
    found = rows.values_list("group_id", "since", "last_at", "count", "service__storm_threshold")
    return {
        pk: (("Storm", storms.so_far(storms.Weather(since=since, last_at=last, count=count), threshold)),)
        for pk, since, last, count, threshold in found
        if pk is not None
    }
