"""Who would be paged, and when: the escalation's own decisions, run ahead without paging anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.channels.registry import CHANNELS
from tocsin.core.conditions import About, unmet
from tocsin.core.escalation import (
    Circumstances,
    Decision,
    Page,
    Reason,
    Snapshot,
    State,
    Status,
    Target,
    TargetKind,
    advance,
    start,
    turns_taken,
)
from tocsin.core.reach import Method, heard_at
from tocsin.core.signals import Severity, Urgency
from tocsin.people.models import User
from tocsin.people.queries import names_of, users_of
from tocsin.people.reaching import methods_at
from tocsin.people.wording import delay_in_words, listed
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.resolving import Found, look, next_on_call
from tocsin.policies.snapshots import snapshot_of

_USUAL = {Urgency.HIGH: Severity.CRITICAL, Urgency.LOW: Severity.WARNING}  # the severity that has the urgency


@dataclass(frozen=True, kw_only=True)
class Line:
    after: timedelta  # since the alert
    people: tuple[User, ...]  # empty: the step is passed over
    methods: tuple[tuple[Method, ...], ...] = ()  # of each of the people, with the delays of their rules
    why: str
    where: str  # “Step 2”, “Catch-all”
    round: int  # 1 the first time through the steps

    @property
    def told(self) -> list[tuple[User, str]]:
        """Each of the people, and by what they hear of it when."""
        return [(user, ", ".join(map(_in_words, of))) for user, of in zip(self.people, self.methods, strict=True)]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Whom targets mean at an instant, and how they can be reached."""

    found: Mapping[Target, Found]
    methods: Mapping[int, tuple[Method, ...]]
    reachable: Mapping[Target, tuple[int, ...]]


def simulate(policy: EscalationPolicy, at: datetime, urgency: Urgency, severity: Severity | None = None) -> list[Line]:
    """If an alert came at `at` and nobody answered: every step to the first page of the catch-all."""
    if urgency is Urgency.NONE:
        return []
    about = About(urgency=urgency, severity=severity or _USUAL[urgency])
    return list(_lines(snapshot_of(policy), at, about))


def _lines(snapshot: Snapshot, at: datetime, about: About) -> Iterator[Line]:
    state, is_held, taken = start(snapshot, at).state, False, dict[int, int]()
    while state.next_due is not None and state.status is Status.RUNNING:
        now, before = state.next_due, state
        seen = _look(snapshot, now, about.urgency, taken)
        decision = advance(snapshot, state, seen.reachable, now, _around(snapshot, seen, about, at, now))
        state = decision.state
        if decision.reason is Reason.HELD:
            yield from () if is_held else _held(snapshot, decision, now - at)
            is_held = True
            continue
        yield from _skipped(snapshot, decision, seen.found, now, before, about, at)
        yield _paged(snapshot, decision, seen, now - at)
        if decision.page is None or decision.page.step >= len(snapshot.steps):
            return
        taken |= turns_taken(decision.page, seen.reachable)


def _look(snapshot: Snapshot, now: datetime, urgency: Urgency, taken: Mapping[int, int]) -> _Seen:
    found = look(_targets(snapshot), now, taken)
    methods = methods_at({p for each in found.values() for p in each.people}, urgency, now)
    reachable = {target: tuple(p for p in each.people if methods[p]) for target, each in found.items()}
    return _Seen(found=found, methods=methods, reachable=reachable)


def _around(snapshot: Snapshot, seen: _Seen, about: About, began: datetime, now: datetime) -> Circumstances:
    waiting = {person: heard_at(methods, now) for person, methods in seen.methods.items()}
    return Circumstances(
        about=about,
        began=began,
        somebody_at=_somebody_at(snapshot, now),
        heard_at={person: at for person, at in waiting.items() if at is not None},
    )


def _somebody_at(snapshot: Snapshot, now: datetime) -> datetime | None:
    return next_on_call([snapshot], now).get(id(snapshot)) if snapshot.hold_low else None


def _held(snapshot: Snapshot, decision: Decision, after: timedelta) -> Iterator[Line]:
    most = (snapshot.hold_low or timedelta()).total_seconds() / 3600
    why = f"held: no step reaches anybody now, and low urgency waits for up to {most:.0f} h"
    yield Line(after=after, people=(), why=why, where="Policy", round=decision.state.round + 1)


def _targets(snapshot: Snapshot) -> set[Target]:
    return {target for step in snapshot.steps for target in step.targets} | set(snapshot.catch_all)


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


def _paged(snapshot: Snapshot, decision: Decision, seen: _Seen, after: timedelta) -> Line:
    page = decision.page
    if page is None:
        why = _why(snapshot.catch_all, seen.found)
        return Line(
            after=after, people=(), why=f"nobody is paged: {why}", where="Catch-all", round=decision.state.round
        )
    users = users_of(page.people)
    last = page.step >= len(snapshot.steps)
    return Line(
        after=after,
        people=tuple(users[p] for p in page.people if p in users),
        methods=tuple(seen.methods[p] for p in page.people if p in users),
        why="; ".join([_why(page.targets, seen.found), *_turns(page.targets, seen), *_shadows(page, seen)]),
        where="Catch-all" if last else f"Step {page.step + 1}",
        round=page.round + 1,
    )


def _turns(targets: tuple[Target, ...], seen: _Seen) -> Iterator[str]:
    """Whose turn it is in a team, and who would be next."""
    for target in targets:
        people = seen.reachable[target] if target.kind is TargetKind.TURN else ()
        if len(people) > 1:
            names = names_of(people[:2])
            yield f"it is the turn of {names[people[0]]}, {names[people[1]]} is next"


def _shadows(page: Page, seen: _Seen) -> Iterator[str]:
    shadows = {p for target in page.targets for p in seen.found[target].shadows} - set(page.people)
    if shadows:
        yield f"told as well, walking along: {listed(sorted(names_of(shadows).values()))}"


def _in_words(method: Method) -> str:
    label = CHANNELS[method.kind].label if method.kind in CHANNELS else method.kind
    if not method.delay:
        return f"{label} at once"
    quiet = ", when their quiet hours are over" if method.is_held else ""
    return f"{label} {delay_in_words(int(method.delay.total_seconds())).lower()}{quiet}"


def _why(targets: tuple[Target, ...], found: Mapping[Target, Found]) -> str:
    """Once for each reason. People named one by one need no name here: they are in the line."""
    named = {t: found[t].why for t in targets if not (t.kind is TargetKind.USER and found[t].people)}
    rest = ["named in the policy"] if len(named) < len(targets) else []
    return "; ".join(dict.fromkeys([*rest, *named.values()]))
