"""What the changes of alert groups mean for their escalations. Called by `alerts.absorbing`, in its transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import structlog
from django.db import transaction

from tocsin.alerts.changes import STARTS, ChangeKind, GroupChange
from tocsin.alerts.models import AlertGroup
from tocsin.alerts.rows import GroupRow, as_row
from tocsin.core import escalation as core
from tocsin.core.escalation import Decision, Reason, Snapshot, State, Status
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency
from tocsin.health import bulk, wakeups
from tocsin.health.edges import contained
from tocsin.paging import alarms, beside, notifying, rows
from tocsin.paging.models import Escalation
from tocsin.policies import snapshots
from tocsin.policies.models import EscalationPolicy, PolicyVersion
from tocsin.services.models import Service

UNREADABLE = "unreadable"  # the digest of the version that stands in for a policy that cannot be read

log = structlog.get_logger(__name__)


_SAME = (
    "snapshot_id", "urgency", "kind", "status", "step", "catch_all_paged", "round", "repeats_left", "next_due",
    "answers_needed", "answered", "version", "reason", "error", "started_at", "acknowledged_at", "acknowledged_by_id",
    "ended_at",
)  # fmt: skip
_NEW = ("group_id", *_SAME)
_values = attrgetter(*_SAME)


@dataclass(frozen=True, kw_only=True)
class _Run:
    row: Escalation
    snapshot: Snapshot
    reasons: list[Reason]  # of what happened to it in this batch


@dataclass(frozen=True, kw_only=True)
class _Beginning:
    """How all escalations of one version of a policy begin, when they begin now."""

    version: PolicyVersion
    snapshot: Snapshot
    error: str
    decision: Decision

    def run(self, group_id: int, urgency: str, now: datetime) -> _Run:
        row = Escalation(group_id=group_id, snapshot=self.version, urgency=urgency, started_at=now, error=self.error)
        rows.put_state(row, self.decision, now)
        return _Run(row=row, snapshot=self.snapshot, reasons=[])


def follow(changes: Sequence[GroupChange], now: datetime) -> None:
    by_group = defaultdict[int, list[GroupChange]](list)
    for change in changes:
        by_group[change.group_id].append(change)
    # those that were opened in this batch have none
    live = _live([pk for pk, found in by_group.items() if found[0].kind is not ChangeKind.OPENED])
    wanting = [found for pk, found in by_group.items() if pk not in live and _wants_one(found)]
    _begin_plainly([found[0].row for found in wanting if _is_plain(found)], now)
    fresh = _fresh([found[-1].row for found in wanting if not _is_plain(found)], now)
    for pk, run in [*live.items(), *fresh.items()]:
        for change in _lasting(by_group[pk]):
            _apply(change, run, now)
    _write(list(live.values()), [run.row for run in fresh.values()], now)
    beside.end({c.group_id for c in changes if c.kind is ChangeKind.RESOLVED}, now)


def begin(group: AlertGroup, now: datetime, version: PolicyVersion | None = None) -> Escalation:
    """A new escalation for a group that has none, due now; by its service's policy, or by the version given."""
    found = _beginning(version, now) if version is not None else _beginnings([as_row(group)], now)[group.pk]
    row = found.run(group.pk, group.urgency, now).row
    row.save(force_insert=True)
    wakeups.notify()
    return row


def _lasting(changes: Sequence[GroupChange]) -> list[GroupChange]:
    """Paging that stops and starts again in one batch has not stopped."""
    starts = [place for place, change in enumerate(changes) if change.kind in STARTS]
    last = starts[-1] if starts else -1
    return [c for place, c in enumerate(changes) if c.kind is not ChangeKind.HELD or place > last]


def _live(group_ids: Iterable[int]) -> dict[int, _Run]:
    found = list(rows.locked(rows.live(group_ids)))
    policies = rows.policies_of(found)
    return {row.group_id: _Run(row=row, snapshot=policies[row.pk], reasons=[]) for row in found if row.group_id}


def _wants_one(changes: Sequence[GroupChange]) -> bool:
    """Something to page for, and not over by the end of the batch."""
    row = changes[-1].row
    pages = row.urgency != Urgency.NONE and row.state != GroupState.RESOLVED
    return pages and any(change.kind in STARTS for change in changes)


def _is_plain(changes: Sequence[GroupChange]) -> bool:
    return len(changes) == 1 and changes[0].kind is ChangeKind.OPENED


def _begin_plainly(groups: Sequence[GroupRow], now: datetime) -> None:
    """Groups to which nothing else has happened are many in a storm, and their escalations begin alike."""
    found = _beginnings(groups, now)
    alike: dict[tuple[int, str], bulk.Values] = {}
    fresh = []
    for group in groups:
        beginning = found[group.id or 0]
        kind = beginning.version.pk, group.urgency
        if kind not in alike:
            alike[kind] = _stored(beginning.run(group.id or 0, group.urgency, now).row)
        fresh.append((group.id, *alike[kind]))
    bulk.insert(Escalation, _NEW, fresh)


def _fresh(groups: Sequence[GroupRow], now: datetime) -> dict[int, _Run]:
    found = _beginnings(groups, now)
    return {pk: found[pk].run(pk, group.urgency, now) for group in groups if (pk := group.id)}


def _beginnings(groups: Sequence[GroupRow], now: datetime) -> dict[int, _Beginning]:
    """By group."""
    services = Service.objects.in_bulk({group.service_id for group in groups})
    wanted = {group.id or 0: group.policy_id or services[group.service_id].policy_id for group in groups}
    policies = EscalationPolicy.objects.in_bulk(set(wanted.values()))
    found = {pk: _beginning(_version(policy, now), now) for pk, policy in policies.items()}
    return {pk: found[policy] for pk, policy in wanted.items()}


def _beginning(version: PolicyVersion, now: datetime) -> _Beginning:
    read = rows.read(version)
    snapshot, error = (core.EMERGENCY, read) if isinstance(read, str) else (read, "")
    return _Beginning(version=version, snapshot=snapshot, error=error, decision=core.start(snapshot, now))


def _version(policy: EscalationPolicy, now: datetime) -> PolicyVersion:
    """An alert must not be lost because its policy is broken: its escalation runs as an emergency."""
    read = contained(lambda: _readable(policy, now), "a policy cannot be read", policy=policy.pk)
    if read.value is not None:
        return read.value
    version, _ = PolicyVersion.objects.get_or_create(digest=UNREADABLE, defaults={"body": {}, "created_at": now})
    return version


def _readable(policy: EscalationPolicy, now: datetime) -> PolicyVersion:
    with transaction.atomic():
        return snapshots.version_of(policy, now)


def _apply(change: GroupChange, run: _Run, now: datetime) -> None:
    decision = _decide(change, run, rows.state_of(run.row), now)
    if decision.state == rows.state_of(run.row):
        return
    run.reasons.append(Reason(run.row.reason))
    run.row.urgency = change.row.urgency
    rows.put_state(run.row, decision, now)
    if decision.state.status is Status.ACKNOWLEDGED:
        run.row.acknowledged_at, run.row.acknowledged_by_id = now, change.row.acknowledged_by_id


def _decide(change: GroupChange, run: _Run, state: State, now: datetime) -> Decision:
    match change.kind:
        case ChangeKind.OPENED:
            return Decision(reason=Reason.STARTED, state=state)
        case ChangeKind.REOPENED:
            return core.retrigger(run.snapshot, state, now)
        case ChangeKind.WORSENED:
            return core.worsened(run.snapshot, state, now)
        case ChangeKind.ACKNOWLEDGED:
            return core.acknowledge(run.snapshot, state, Urgency(change.row.urgency), now)
        case ChangeKind.HELD | ChangeKind.RESOLVED:
            return core.end(state)


def _stored(row: Escalation) -> bulk.Values:
    """In the order of `_SAME`."""
    return tuple(bulk.json_text(value) if isinstance(value, list) else value for value in _values(row))


def _write(live: Sequence[_Run], fresh: Sequence[Escalation], now: datetime) -> None:
    bulk.insert(Escalation, _NEW, [(row.group_id, *_stored(row)) for row in fresh if row.status != Status.ENDED])
    changed = [run for run in live if run.reasons]
    if not changed:
        return
    rows.save(run.row for run in changed)
    # also of those that begin again: their pages come anew
    notifying.cancel_pages([run.row.pk for run in changed], now)
    alarms.calm([reason for run in changed for reason in run.reasons], now)
    for run in changed:
        if run.row.status == Status.ENDED:
            alarms.mended(run.row, now)
