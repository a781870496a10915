"""Whom targets mean at an instant: many targets at once, in a fixed number of queries."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.escalation import Snapshot, Target, TargetKind, in_turn
from tocsin.core.rota import Segment
from tocsin.people.models import User
from tocsin.people.queries import stewards, team_members
from tocsin.policies import turns
from tocsin.schedules.queries import Resolved, finals, report_troubles, resolve


@dataclass(frozen=True, kw_only=True)
class Found:
    people: tuple[int, ...]  # active ones; empty: nobody
    why: str  # how they were found, or why nobody was
    shadows: tuple[int, ...] = ()  # of a schedule: who walks along, is told, and never counts as reached


def people_of(targets: Iterable[Target], at: datetime) -> dict[Target, Found]:
    """For every target an answer. A schedule that cannot be read is reported, and has nobody.

    In the transaction that pages them: nobody else takes a turn of their teams before it ends.
    """
    wanted = set(targets)
    resolved = _schedules(wanted, at)
    report_troubles(resolved.troubles, at)
    return _found(wanted, resolved, turns.lasts(_ids(wanted, TargetKind.TURN), hold=True))


def look(targets: Iterable[Target], at: datetime, taken: Mapping[int, int] | None = None) -> dict[Target, Found]:
    """The same for looking ahead or back: nothing is reported or held. `taken`: turns as if they had been taken."""
    wanted = set(targets)
    lasts = turns.lasts(_ids(wanted, TargetKind.TURN)) | dict(taken or {})
    return _found(wanted, _schedules(wanted, at), lasts)


def next_on_call(snapshots: Iterable[Snapshot], now: datetime) -> dict[int, datetime]:
    """By the snapshot's `id`: when somebody will be on call in a schedule of its steps, as far as it holds."""
    held = {id(snapshot): snapshot for snapshot in snapshots if snapshot.hold_low is not None}
    wanted = {pk: _ids({t for s in found.steps for t in s.targets}, TargetKind.SCHEDULE) for pk, found in held.items()}
    ids = set().union(*wanted.values())
    if not ids:
        return {}
    ahead, _ = finals(ids, now, now + max(found.hold_low or timedelta() for found in held.values()))
    firsts = {pk: min((s.starts_at for s in segments if s.people), default=None) for pk, segments in ahead.items()}
    times = {pk: [at for one in schedules if (at := firsts.get(one)) is not None] for pk, schedules in wanted.items()}
    return {pk: min(found) for pk, found in times.items() if found}


def _schedules(wanted: Collection[Target], at: datetime) -> Resolved:
    ids = _ids(wanted, TargetKind.SCHEDULE)
    return resolve(ids, at) if ids else Resolved(segments={}, troubles={})


def _found(wanted: Collection[Target], resolved: Resolved, lasts: Mapping[int, int]) -> dict[Target, Found]:
    users = _active(_ids(wanted, TargetKind.USER))
    team_ids = _ids(wanted, TargetKind.TEAM) | _ids(wanted, TargetKind.TURN)
    teams = team_members(team_ids) if team_ids else {}
    owners = stewards() if any(t.kind is TargetKind.STEWARDS for t in wanted) else ()
    answers: dict[TargetKind, Callable[[Target], Found]] = {
        TargetKind.USER: lambda t: _user(t, users),
        TargetKind.SCHEDULE: lambda t: _schedule(t, resolved.segments, resolved.troubles),
        TargetKind.TEAM: lambda t: _team(t, teams),
        TargetKind.TURN: lambda t: _turn(t, teams, lasts.get(t.id)),
        TargetKind.PLACE: lambda t: Found(people=(), why=f"{t.name} is told, which reaches nobody for certain"),
        TargetKind.STEWARDS: lambda _: _stewards(owners),
    }
    return {target: answers[target.kind](target) for target in wanted}


def _user(target: Target, active: Collection[int]) -> Found:
    if target.id in active:
        return Found(people=(target.id,), why="named in the policy")
    return Found(people=(), why=f"{target.name} is not active any more")


def _schedule(target: Target, segments: Mapping[int, Segment], troubles: Mapping[int, str]) -> Found:
    if trouble := troubles.get(target.id):
        return Found(people=(), why=f"the schedule {target.name} cannot be read: {trouble}")
    segment = segments.get(target.id)
    if segment is None:
        return Found(people=(), why=f"the schedule {target.name} is not there any more")
    if not segment.people:
        return Found(people=(), why=f"nobody is on call in {target.name}")
    return Found(people=segment.people, why=f"on call in {target.name}", shadows=segment.shadows)


def _team(target: Target, members: Mapping[int, tuple[int, ...]]) -> Found:
    if people := members.get(target.id):
        return Found(people=people, why=f"in the team {target.name}")
    return Found(people=(), why=f"the team {target.name} has no active members")


def _turn(target: Target, members: Mapping[int, tuple[int, ...]], last: int | None) -> Found:
    """All of them, in the order of their turns."""
    if people := members.get(target.id):
        return Found(people=in_turn(people, last), why=f"one at a time, in the team {target.name}")
    return _team(target, members)


def _stewards(people: tuple[int, ...]) -> Found:
    return Found(people=people, why="owners and admins" if people else "there is no active owner or admin")


def _ids(wanted: Collection[Target], kind: TargetKind) -> set[int]:
    return {target.id for target in wanted if target.kind is kind}


def _active(ids: Collection[int]) -> set[int]:
    return set(User.objects.filter(pk__in=ids, is_active=True).values_list("pk", flat=True)) if ids else set()
