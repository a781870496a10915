"""Escalations between their rows and the core's values, and the fenced way to write them.

On PostgreSQL locks are taken in this order, always: the group's row, the escalation's, its notifications', its
messages'. Writers that have to begin elsewhere either skip what is locked or look again in a transaction of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Model, QuerySet

from tocsin import sealing
from tocsin.core.conditions import About
from tocsin.core.escalation import EMERGENCY, Decision, Reason, Snapshot, State, Status
from tocsin.core.signals import Severity, Urgency
from tocsin.health import bulk
from tocsin.health.prepared import Prepared
from tocsin.paging.models import Escalation
from tocsin.policies import snapshots
from tocsin.policies.models import PolicyVersion

ALERT, BESIDE, TEST = "alert", "beside", "test"
Row = TypeVar("Row", bound=Model)
LIVE = (Status.RUNNING, Status.ACKNOWLEDGED)


def digest_of_test(user_id: int) -> str:
    """Of the policy that a test of this person's pager runs by."""
    return sealing.fingerprint(f"pager test {user_id}")


class Lost(Exception):
    """Somebody else wrote the row since it was read."""


LOST = (Lost, OperationalError, InterfaceError)  # the database's mood or another node: nothing wrong with the row


def locked(rows: QuerySet[Row], *, skip: bool = False) -> QuerySet[Row]:
    """The rows, locked till the end of the transaction. SQLite has one writer and needs none.

    Never FOR UPDATE: inserts that refer to a row would wait for it.
    """
    if not connection.features.has_select_for_update_skip_locked:
        return rows
    return rows.select_for_update(skip_locked=skip, no_key=True, of=("self",))


def due(status: Status, now: datetime) -> QuerySet[Escalation]:
    found = Escalation.objects.filter(status=status, next_due__lte=now)
    return found.select_related("group").order_by("next_due", "pk")


DUE = Prepared(lambda now, status, limit: due(status, now).select_related(None).values_list("pk", "group_id")[:limit])


def state_of(row: Escalation) -> State:
    return State(
        status=Status(row.status),
        step=row.step,
        catch_all_paged=row.catch_all_paged,
        round=row.round,
        repeats_left=row.repeats_left,
        next_due=row.next_due,
        answers_needed=row.answers_needed,
        answered=tuple(row.answered),
    )


def put_state(row: Escalation, decision: Decision, now: datetime) -> None:
    """The decision, in the row's fields; not saved."""
    state = decision.state
    row.status, row.step, row.round, row.repeats_left = state.status, state.step, state.round, state.repeats_left
    row.next_due, row.reason = state.next_due, decision.reason
    row.catch_all_paged = state.catch_all_paged
    row.answers_needed, row.answered = state.answers_needed, list(state.answered)
    if state.status is Status.ENDED:
        row.ended_at = row.ended_at or now
    if state.status is Status.RUNNING:
        row.acknowledged_at, row.acknowledged_by_id = None, None


_WRITTEN = (  # and `answered`, which is a list
    "urgency", "status", "step", "catch_all_paged", "round", "repeats_left", "next_due", "answers_needed", "reason",
    "error", "acknowledged_at", "acknowledged_by_id", "ended_at",
)  # fmt: skip
_written = attrgetter(*_WRITTEN)


def save(rows: Iterable[Escalation]) -> None:
    """Write rows whose fields were changed. `Lost` unless every one is at the version at which it was read.

    Escalations that were due together mostly change alike: one statement for each kind of change.
    """
    alike = defaultdict[tuple[object, ...], list[Escalation]](list)
    for row in rows:
        alike[(row.version, tuple(row.answered), *_written(row))].append(row)
    for group in alike.values():
        _save_alike(group, group[0])


def _save_alike(rows: Sequence[Escalation], one: Escalation) -> None:
    fenced = Escalation.objects.filter(pk__in=bulk.among([row.pk for row in rows]), version=one.version)
    values = {name: getattr(one, name) for name in _WRITTEN}
    if fenced.update(version=F("version") + 1, answered=one.answered, **values) != len(rows):
        raise Lost
    for row in rows:
        row.version += 1


def set_aside(pk: int, error: str, **fields: object) -> bool:
    """Into quarantine: it pages the catch-all of an emergency from now on. What it knew of answers may be what is
    wrong with it. False: it is over."""
    live = Escalation.objects.filter(pk=pk, status__in=LIVE)
    return bool(live.update(error=error, answered=[], answers_needed=1, version=F("version") + 1, **fields))


def urgency_of(row: Escalation) -> Urgency:
    """By whose rules people are notified. What somebody escalates by hand pages, however unimportant it is."""
    return Urgency.LOW if row.urgency == Urgency.LOW else Urgency.HIGH


def is_wanted_now(row: Escalation, before: str) -> bool:
    """Somebody asked by hand for the page that is due, so that no quiet hours hold it back. `before`: its reason."""
    return row.kind == BESIDE or before == Reason.ESCALATED


def about(row: Escalation) -> About:
    """For the conditions of steps. The row has its group."""
    severity = Severity(row.group.severity) if row.group is not None else Severity.CRITICAL
    return About(urgency=urgency_of(row), severity=severity)


def live(group_ids: Iterable[int]) -> QuerySet[Escalation]:
    """The groups' own: of each one at most."""
    return Escalation.objects.filter(kind=ALERT, group__in=list(group_ids), status__in=LIVE)


def policies_of(found: Sequence[Escalation]) -> dict[int, Snapshot]:
    """Each row's policy as it was; the emergency's where it is in quarantine or cannot be read, with the reason in the
    row's `error`. One query."""
    versions = PolicyVersion.objects.in_bulk({row.snapshot_id for row in found})
    snapshots_ = {pk: read(version) for pk, version in versions.items()}
    return {row.pk: _policy(row, snapshots_[row.snapshot_id]) for row in found}


def read(version: PolicyVersion) -> Snapshot | str:
    """The reason instead of a snapshot that cannot be read."""
    try:
        return snapshots.read(version.body)
    except (ValueError, TypeError, KeyError) as error:
        return f"The escalation policy, as it was when this began, cannot be read: {error}."


def _policy(row: Escalation, found: Snapshot | str) -> Snapshot:
    if isinstance(found, str):
        row.error = row.error or found
    return EMERGENCY if row.error or isinstance(found, str) else found
