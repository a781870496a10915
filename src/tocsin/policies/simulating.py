"""Who would be paged, and when: the escalation's own decisions, run ahead without paging anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.conditions import About, unmet
from tocsin.core.escalation import (
    Circumstances,
    Decision,
    Reason,
    Snapshot,
    State,
    Status,
    Target,
    TargetKind,
    advance,
    start,
)
from tocsin.core.signals import Severity, Urgency
from tocsin.people.models import User
from tocsin.people.queries import users_of
from tocsin.people.reaching import methods_of
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.resolving import Found, look, next_on_call
from tocsin.policies.snapshots import snapshot_of

_USUAL = {Urgency.HIGH: Severity.CRITICAL, Urgency.LOW: Severity.WARNING}  # the severity that has the urgency


@dataclass(frozen=True, kw_only=True)
class Line:
    after: timedelta  # since the alert
    people: tuple[User, ...]  # empty: the step is passed over
    why: str
    where: str  # “Step 2”, “Catch-all”
    round: int  # 1 the first time through the steps


def simulate(policy: EscalationPolicy, at: datetime, urgency: Urgency, severity: Severity | None = None) -> list[Line]:
    """If an alert came at `at` and nobody answered: every step to the first page of the catch-all."""
    if urgency is Urgency.NONE:
        return []
    about = About(urgency=urgency, severity=severity or _USUAL[urgency])
    return list(_lines(snapshot_of(policy), at, about))


def _lines(snapshot: Snapshot, at: datetime, about: About) -> Iterator[Line]:
    state, is_held = start(snapshot, at).state, False
    while state.next_due is not None and state.status is Status.RUNNING:
        now, before = state.next_due, state
        found = look(_targets(snapshot), now)
        around = Circumstances(about=about, began=at, somebody_at=_somebody_at(snapshot, now))
        decision = advance(snapshot, state, _reachable(found, about.urgency), now, around)
        state = decision.state
        if decision.reason is Reason.HELD:
            yield from () if is_held else _held(snapshot, decision, now - at)
            is_held = True
            continue
        yield from _skipped(snapshot, decision, found, now, before, about, at)
        yield _paged(snapshot, decision, found, now - at)
        if decision.page is None or decision.page.step >= len(snapshot.steps):
            return


def _somebody_at(snapshot: Snapshot, now: datetime) -> datetime | None:
    return next_on_call([snapshot], now).get(id(snapshot)) if snapshot.hold_low else None


def _held(snapshot: Snapshot, decision: Decision, after: timedelta) -> Iterator[Line]:
    most = (snapshot.hold_low or timedelta()).total_seconds() / 3600
    why = f"held: no step reaches anybody now, and low urgency waits for up to {most:.0f} h"
    yield Line(after=after, people=(), why=why, where="Policy", round=decision.state.round + 1)


def _targets(snapshot: Snapshot) -> set[Target]:
    return {target for step in snapshot.steps for target in step.targets} | set(snapshot.catch_all)


def _reachable(found: Mapping[Target, Found], urgency: Urgency) -> dict[Target, tuple[int, ...]]:
    methods = methods_of({p for each in found.values() for p in each.people}, urgency)
    return {target: tuple(p for p in each.people if methods[p]) for target, each in found.items()}


def _skipped(
    snapshot: Snapshot,
    decision: Decision,
    found: Mapping[Target, Found],
    now: datetime,
    before: State,
    about: About,
    at: datetime,
) -> Iterator[Line]:
    round_ = before.round + 1
    for step in decision.skipped:
        targets = snapshot.steps[step].targets
        why = unmet(snapshot.steps[step].when, about, now)
        why = why or (_why(targets, found) if targets else "it pages nobody")
        yield Line(after=now - at, people=(), why=f"passed over: {why}", where=f"Step {step + 1}", round=round_)
        round_ += step == len(snapshot.steps) - 1


def _paged(snapshot: Snapshot, decision: Decision, found: Mapping[Target, Found], after: timedelta) -> Line:
    page = decision.page
    if page is None:
        why = _why(snapshot.catch_all, found)
        return Line(
            after=after, people=(), why=f"nobody is paged: {why}", where="Catch-all", round=decision.state.round
        )
    users = users_of(page.people)
    last = page.step >= len(snapshot.steps)
    return Line(
        after=after,
        people=tuple(users[p] for p in page.people if p in users),
        why=_why(page.targets, found),
        where="Catch-all" if last else f"Step {page.step + 1}",
        round=page.round + 1,
    )


def _why(targets: tuple[Target, ...], found: Mapping[Target, Found]) -> str:
    """Once for each reason. People named one by one need no name here: they are in the line."""
    named = {t: found[t].why for t in targets if not (t.kind is TargetKind.USER and found[t].people)}
    rest = ["named in the policy"] if len(named) < len(targets) else []
    return "; ".join(dict.fromkeys([*rest, *named.values()]))
