"""The clockwork of paging: what is due is paged, and nothing that is due is forgotten."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from tocsin.core import escalation as core
from tocsin.core.conditions import unmet
from tocsin.core.escalation import Circumstances, Decision, Reason, Snapshot, State, Status, Target, TargetKind
from tocsin.core.signals import Urgency
from tocsin.health import bulk, wakeups
from tocsin.health.edges import contained
from tocsin.paging import alarms, history, notifying, reaching, rows, telling
from tocsin.paging.following import follow
from tocsin.paging.history import Line
from tocsin.paging.models import Escalation
from tocsin.paging.notifying import Fresh, Paging
from tocsin.paging.releasing import release_due
from tocsin.paging.telling import Along, Telling
from tocsin.people.queries import names_of
from tocsin.policies import turns
from tocsin.policies.resolving import next_on_call

__all__ = ["advance_due", "follow", "release_due"]

AGAIN = timedelta(minutes=1)  # when even the emergency page of a broken escalation could not be made

People = Mapping[Urgency, dict[Target, tuple[int, ...]]]  # whom targets mean who can be reached for that urgency

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One row that is due, and what is to happen with it."""

    row: Escalation
    snapshot: Snapshot
    before: str  # the reason of the decision before
    decision: Decision
    turns: Mapping[int, int]  # taken with it: by team, who


def advance_due(now: datetime, limit: int = 1000) -> int:
    """Run what is due. How many escalations that were: call again at once while it is not 0."""
    if not rows.DUE.any(now, Status.RUNNING, 1):  # mostly; so that an idle tick takes no write lock
        return 0
    batch = rows.locked(rows.due(Status.RUNNING, now), skip=True)[:limit]
    done = contained(lambda: _in_one(batch, now), "a batch of escalations failed; running its halves")
    if done.value is not None:
        return done.value
    return _run_halves(list(rows.due(Status.RUNNING, now).values_list("pk", flat=True)[:limit]), now)


def _run_halves(ids: Sequence[int], now: datetime) -> int:
    """Of what failed together, down to the one that is to blame: the others lose little time by it."""
    middle = len(ids) // 2
    return sum(_run_some(half, now) for half in (ids[:middle], ids[middle:]))


def _run_some(ids: Sequence[int], now: datetime) -> int:
    if len(ids) <= 1:
        return sum(_run_alone(pk, now) for pk in ids)
    some = rows.locked(rows.due(Status.RUNNING, now).filter(pk__in=bulk.among(ids)), skip=True)
    done = contained(lambda: _in_one(some, now), "some escalations failed together; running their halves")
    return _run_halves(ids, now) if done.value is None else done.value


def _run_alone(pk: int, now: datetime) -> int:
    """The others go on, and one that cannot be run as planned must not end in silence."""
    alone = rows.locked(rows.due(Status.RUNNING, now).filter(pk=pk), skip=True)
    done = contained(lambda: _in_one(alone, now), "an escalation cannot be run as planned", escalation=pk)
    if done.error is None or isinstance(done.error, rows.LOST):  # lost: it stays due
        return done.value or 0
    _run_as_emergency(pk, f"{type(done.error).__name__}: {done.error}.", now)
    return 1


def _in_one(due: QuerySet[Escalation], now: datetime) -> int:
    with transaction.atomic():
        return _run(due, now)


def _run_as_emergency(pk: int, error: str, now: datetime) -> None:
    done = contained(lambda: _emergency(pk, error, now), "an escalation cannot be run at all", escalation=pk)
    if done.error is not None:  # the last edge there is
        contained(lambda: _give_up(pk, error, now), "not even that could be said", escalation=pk)


def _give_up(pk: int, error: str, now: datetime) -> None:
    """Try again soon, and say so to everybody who can look at it; the row is not read for that."""
    Escalation.objects.filter(pk=pk).update(error=error, next_due=now + AGAIN, version=F("version") + 1)
    alarms.unrunnable(pk, error, now)


def _emergency(pk: int, error: str, now: datetime) -> None:
    with transaction.atomic():
        rows.set_aside(pk, error)
        _run(rows.locked(rows.due(Status.RUNNING, now).filter(pk=pk)), now)


def _run(due: QuerySet[Escalation], now: datetime) -> int:
    """In the caller's transaction: new states, messages and next due times commit together or not at all."""
    found = list(due)
    if not found:
        return 0
    policies = rows.policies_of(found)
    urgencies = {rows.urgency_of(row) for row in found}
    is_wanted = any(rows.is_wanted_now(row, row.reason) for row in found)
    reach = reaching.reach({id(s): s for s in policies.values()}.values(), urgencies, now, is_wanted=is_wanted)
    people = {urgency: reach.found(urgency) for urgency in urgencies}
    around = circumstances(found, policies, reach, now)
    runs = [decided(row, policies[row.pk], people, around[row.pk], now) for row in found]
    for run in runs:
        rows.put_state(run.row, run.decision, now)
    rows.save(run.row for run in runs)
    turns.take({team: person for run in runs for team, person in run.turns.items()})
    paged = notifying.page_all([paging for run in runs if (paging := _paging(run, reach))], now)
    _tell(runs, reach, paged, now)
    wakeups.notify()
    return len(found)


def circumstances(
    found: Sequence[Escalation], policies: Mapping[int, Snapshot], reach: reaching.Reach, now: datetime
) -> dict[int, Circumstances]:
    low = [row for row in found if rows.urgency_of(row) is Urgency.LOW]
    somebody = next_on_call([policies[row.pk] for row in low], now)
    heard_at = reach.heard_at(Urgency.LOW, now) if low else {}
    return {
        row.pk: Circumstances(
            about=rows.about(row),
            began=row.started_at,
            somebody_at=somebody.get(id(policies[row.pk])),
            heard_at=heard_at if _may_wait(row) else {},
        )
        for row in found
    }


def _may_wait(row: Escalation) -> bool:
    return rows.urgency_of(row) is Urgency.LOW and not rows.is_wanted_now(row, row.reason)


def _paging(run: Run, reach: reaching.Reach) -> Paging | None:
    if run.decision.page is None:
        return None
    methods = reach.ways(rows.urgency_of(run.row), is_wanted=rows.is_wanted_now(run.row, run.before))
    return Paging(escalation=run.row, page=run.decision.page, methods=methods)


def decided(row: Escalation, snapshot: Snapshot, people: People, around: Circumstances, now: datetime) -> Run:
    state, found = rows.state_of(row), people[rows.urgency_of(row)]
    if row.kind != rows.ALERT and state.step >= len(snapshot.steps):
        decision = core.end(state)  # nobody answered: a test, or a request to one person, does not go on to others
    else:
        decision = core.advance(snapshot, _beyond(state, row), found, now, around)
        if row.kind == rows.BESIDE and decision.reason is not Reason.STEP_PAGED:
            decision = core.end(state)  # they have become unreachable; the catch-all has nothing to do with it
    taken = core.turns_taken(decision.page, found) if decision.page else {}
    _move_on(people, taken)
    return Run(row=row, snapshot=snapshot, before=row.reason, decision=decision, turns=taken)


def _move_on(people: People, taken: Mapping[int, int]) -> None:
    """The next escalation of the same batch pages the next one."""
    for found in people.values():
        for target in [t for t in found if t.kind is TargetKind.TURN and t.id in taken]:
            found[target] = core.in_turn(found[target], taken[target.id])


def _beyond(state: State, row: Escalation) -> State:
    """In an emergency the steps are other ones: a round of their own keeps their pages apart from earlier ones."""
    return replace(state, step=0, round=state.round + 1) if row.error else state


def _tell(runs: Sequence[Run], reach: reaching.Reach, paged: Sequence[Fresh], now: datetime) -> None:
    names = names_of({n.user_id for n in paged})
    by_run: dict[int, list[Fresh]] = {run.row.pk: [] for run in runs}
    for notification in paged:
        by_run[notification.escalation_id].append(notification)
    history.write((line for run in runs for line in _lines(run, reach, by_run[run.row.pk], names, now)), now)
    tellings = [
        Telling(escalation=run.row, notice=notice, whom=_who(by_run[run.row.pk], names))
        for run in runs
        for notice in run.decision.notices
    ]
    telling.tell_all(tellings, now)
    telling.tell_along(list(_alongs(runs, reach, by_run, names)), now)
    alarms.sound((run.decision.reason for run in runs), now)
    for run in runs:
        if run.row.error and run.decision.reason is not Reason.ENDED:
            alarms.broken(run.row, now)
        if run.decision.reason is Reason.ENDED:
            alarms.mended(run.row, now)
            notifying.cancel_pages([run.row.pk], now)
    unanswered = [run.row for run in runs if run.row.kind == rows.BESIDE and run.decision.reason is Reason.ENDED]
    text = "The responder who was asked as well has not answered. Ask somebody else if you need help."
    history.write((Line(escalation=row, kind="unanswered", text=text) for row in unanswered), now)


def _alongs(
    runs: Iterable[Run], reach: reaching.Reach, paged: Mapping[int, list[Fresh]], names: Mapping[int, str]
) -> Iterator[Along]:
    for run in runs:
        page = run.decision.page
        if page and (shadows := reach.shadows(page.targets, page.people)):
            yield Along(escalation=run.row, page=page, shadows=shadows, whom=_who(paged[run.row.pk], names))


def _who(paged: Sequence[Fresh], names: Mapping[int, str]) -> str:
    return history.listed(names.get(n.user_id, "somebody") for n in paged) if paged else ""


def _lines(
    run: Run, reach: reaching.Reach, paged: Sequence[Fresh], names: Mapping[int, str], now: datetime
) -> Iterator[Line]:
    if run.decision.reason is Reason.HELD:
        if run.before != Reason.HELD:  # it looks again and again
            yield Line(escalation=run.row, kind="held", text=_held(run))
        return
    for step in dict.fromkeys(run.decision.skipped):
        yield Line(escalation=run.row, kind="skipped", text=_skipped(run, step, reach, now))
    if run.decision.page:
        yield Line(escalation=run.row, kind="paged", text=_paged(run, notifying.in_words(paged, names)))
    elif run.decision.reason is Reason.NOBODY_AT_ALL and run.before != Reason.NOBODY_AT_ALL:
        text = "Nobody can be reached, not even in the catch-all. Tocsin tries again every minute."
        yield Line(escalation=run.row, kind="unreachable", text=text)


def _held(run: Run) -> str:
    hours = (run.snapshot.hold_low or timedelta()).total_seconds() / 3600
    return f"No step reaches anybody now. Low urgency waits until somebody is on call, for {hours:.0f} h at most."


def _skipped(run: Run, step: int, reach: reaching.Reach, now: datetime) -> str:
    if why := unmet(run.snapshot.steps[step].when, rows.about(run.row), now):
        return f"Step {step + 1} was passed over: {why}."
    return f"Step {step + 1} reaches nobody and was passed over: {reach.why_not(run.snapshot.steps[step].targets)}."


def _paged(run: Run, whom: str) -> str:
    if run.row.kind == rows.BESIDE:
        return f"Asked one more responder: {whom}."
    if run.row.error:
        return f"The escalation could not run as planned. Paged every owner and admin in its place: {whom}."
    if run.decision.reason is Reason.CATCH_ALL_PAGED:
        return f"Nobody has acknowledged it. Paged the catch-all: {whom}."
    step = run.decision.page.step + 1 if run.decision.page else 0
    return f"Paged step {step} of {run.snapshot.policy}: {whom}."
