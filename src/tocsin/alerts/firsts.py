"""Which alert stands for its group in what is said of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.alerts import fetching
from tocsin.health import bulk

_FIRSTS = (
    "SELECT one.group_id, one.integration_id, one.dedup_key, one.source, one.component, one.details, one.links FROM "
    "(SELECT MIN(id) AS id FROM alerts_alert WHERE group_id {among} AND NOT (state = 'resolved') GROUP BY group_id) "
    "first JOIN alerts_alert one ON one.id = first.id"
)
_SHARED = _FIRSTS.format(among="= ANY(%b::bigint[])")
_SINGLE = _FIRSTS.format(among="IN (SELECT value FROM json_each(%s))")


@dataclass(frozen=True, kw_only=True, slots=True)
class First:
    """Of a group's open alerts the first: its links and details stand for the group's."""

    integration_id: int
    dedup_key: str
    source: str
    component: str
    details: Mapping[str, object]
    links: Sequence[Mapping[str, str]]  # href and text


def of(group_ids: Collection[int]) -> dict[int, First]:
    """By group; none for a group without an open alert. One query."""
    if not group_ids:
        return {}
    ids = list(group_ids)
    found = fetching.rows(_SHARED, [ids]) if bulk.is_shared() else fetching.rows(_SINGLE, [bulk.json_text(ids)])
    return {group_id: _first(*said) for group_id, *said in found}


def _first(integration_id: int, key: str, source: str, component: str, details: object, links: object) -> First:
    return First(
        integration_id=integration_id,
        dedup_key=key,
        source=source,
        component=component,
        details=_read(details),
        links=_read(links),
    )


def _read(found: object) -> Any:  # noqa: ANN401 - what is in it, sources decide
    """SQLite has texts."""
    return json.loads(found) if isinstance(found, str) else found
