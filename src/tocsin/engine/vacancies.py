"""Policies in use, and escalations that run, which name somebody who is not there any more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from tocsin.core.escalation import Snapshot, Target, TargetKind
from tocsin.health import problems
from tocsin.paging import rows
from tocsin.policies.models import EscalationPolicy, PolicyVersion
from tocsin.policies.resolving import Found, look
from tocsin.policies.snapshots import snapshot_of

PREFIX = "vacancy "  # begins the key of a problem
_PEOPLE = (TargetKind.USER, TargetKind.TEAM, TargetKind.TURN)  # schedules have banners of their own


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    key: str
    title: str
    advice: str
    url: str
    snapshot: Snapshot
    empty: bool  # whether a step that names nobody at all is one: whoever was named there was deleted


def tell(now: datetime) -> int:
    """Show each until it is repaired, or over. How many there are."""
    candidates = [*_in_use(), *_running()]
    found = look({target for it in candidates for _, target in _named(it.snapshot)}, now)
    told = {it.key: texts for it in candidates if (texts := list(_texts(it, found)))}
    for it in candidates:
        if it.key in told:
            problems.report(it.key, it.title, f"{' '.join(told[it.key])} {it.advice}", it.url, now)
    problems.end_others(PREFIX, told, now)
    return len(told)


def _in_use() -> Iterator[Vacancy]:
    used = EscalationPolicy.objects.filter(Q(services__isnull=False) | Q(routes__isnull=False)).distinct()
    for policy in used:
        yield Vacancy(
            key=f"{PREFIX}of policy {policy.pk}",
            title=f"The escalation policy {policy.name} names somebody who is gone",
            advice="Such a step goes on to the next one at once. Name somebody else, or take it out.",
            url=policy.get_absolute_url(),
            snapshot=snapshot_of(policy),
            empty=True,
        )


def _running() -> Iterator[Vacancy]:
    for version in PolicyVersion.objects.filter(escalations__status__in=rows.LIVE).distinct():
        snapshot = rows.read(version)
        if isinstance(snapshot, Snapshot):  # else it has a problem of its own
            yield Vacancy(
                key=f"{PREFIX}of version {version.pk}",
                title=f"An alert is escalated to somebody who is gone, by {snapshot.policy}",
                advice="It goes on to those who are left, and at last to the catch-all. Look after it yourself.",
                url="/alerts/?state=triggered",
                snapshot=snapshot,
                empty=False,
            )


def _named(snapshot: Snapshot) -> Iterator[tuple[str, Target]]:
    places = [(f"Step {number}", step.targets) for number, step in enumerate(snapshot.steps, 1)]
    for name, targets in (*places, ("Catch-all", snapshot.catch_all)):
        yield from ((name, target) for target in targets if target.kind in _PEOPLE)


def _texts(vacancy: Vacancy, found: Mapping[Target, Found]) -> Iterator[str]:
    yield from (f"{name}: {found[t].why}." for name, t in _named(vacancy.snapshot) if not found[t].people)
    if vacancy.empty:
        steps = enumerate(vacancy.snapshot.steps, 1)
        yield from (f"Step {number} names nobody." for number, step in steps if not step.targets)
