"""What is wrong with a policy before it is needed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.escalation import Snapshot, Target, TargetKind
from tocsin.core.rota import Segment
from tocsin.core.signals import Urgency
from tocsin.people.queries import names_of
from tocsin.people.reaching import methods_of
from tocsin.people.wording import listed
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.resolving import look
from tocsin.policies.snapshots import snapshot_of
from tocsin.schedules.queries import finals

_AHEAD = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Defect:
    where: str  # “Step 2”, “Catch-all”, “Policy”
    text: str  # what is wrong, and what to do


@dataclass(frozen=True, kw_only=True)
class _Place:
    name: str
    targets: tuple[Target, ...]
    answers: int = 1


def defects(policy: EscalationPolicy, now: datetime) -> list[Defect]:
    """In the order of the steps; none is what a policy should have."""
    snapshot = snapshot_of(policy)
    places = _places(snapshot)
    people = _possible(places, now)
    found = [*_stepless(snapshot)]
    for place in places:
        found += _empty(place)
        found += _unreachable(place, people)
        found += _gaps(place, now)
        found += _too_few(place, people)
    return found + _alone(people)


def _stepless(snapshot: Snapshot) -> Iterator[Defect]:
    if not snapshot.steps:
        yield Defect(where="Policy", text="It has no steps: only the catch-all is paged. Add one.")


def _places(snapshot: Snapshot) -> list[_Place]:
    steps = [
        _Place(name=f"Step {number}", targets=step.targets, answers=step.answers)
        for number, step in enumerate(snapshot.steps, 1)
    ]
    return [*steps, _Place(name="Catch-all", targets=snapshot.catch_all)]


def _empty(place: _Place) -> Iterator[Defect]:
    if place.targets and all(target.kind is TargetKind.PLACE for target in place.targets):
        text = "It only tells chat channels or webhooks, which reaches nobody for certain. Name somebody too."
        yield Defect(where=place.name, text=text)
    if not place.targets:
        yield Defect(where=place.name, text="It pages nobody and is passed over. Name somebody, or take the step out.")


def _possible(places: Iterable[_Place], now: datetime) -> dict[Target, set[int]]:
    """Everybody whom a target may mean: now, and for a schedule within the next two weeks."""
    targets = {target for place in places for target in place.targets}
    people = {target: set(found.people) for target, found in look(targets, now).items()}
    ahead, _ = finals({t.id for t in targets if t.kind is TargetKind.SCHEDULE}, now, now + _AHEAD)
    for target in targets:
        if target.kind is TargetKind.SCHEDULE:
            people[target] |= {p for segment in ahead.get(target.id, ()) for p in segment.people}
    return people


def _unreachable(place: _Place, people: dict[Target, set[int]]) -> Iterator[Defect]:
    possible = set().union(*(people[target] for target in place.targets))
    methods = methods_of(possible, Urgency.HIGH)
    in_a_tab = {person for person in possible if all(method.kind == "inapp" for method in methods[person])}
    people_wanted = any(target.kind is not TargetKind.PLACE for target in place.targets)
    if people_wanted and not possible:
        yield Defect(where=place.name, text="There is nobody behind it. Fill it, or name somebody else.")
    elif possible and in_a_tab == possible:
        yield Defect(
            where=place.name,
            text="Nobody here can be reached without an open Tocsin tab. Ask them to add and verify a contact method.",
        )

    elif names := _alone_at_times(place, people, in_a_tab):
        ask = "Ask them to add and verify a contact method."
        yield Defect(where=place.name, text=f"{listed(names)} cannot be reached without an open Tocsin tab. {ask}")


def _alone_at_times(place: _Place, people: dict[Target, set[int]], in_a_tab: set[int]) -> list[str]:
    """Those of them who may be the only one that is paged: of a whole team the others are paged with them."""
    one_by_one = (TargetKind.USER, TargetKind.SCHEDULE, TargetKind.TURN)
    found = set().union(*(people[target] for target in place.targets if target.kind in one_by_one))
    return sorted(names_of(found & in_a_tab).values())


def _too_few(place: _Place, people: dict[Target, set[int]]) -> Iterator[Defect]:
    most = len(set().union(*(people[target] for target in place.targets)))
    if 0 < most < place.answers:
        text = f"{place.answers} people have to acknowledge, but it reaches {most} at most. Then all of those suffice."
        yield Defect(where=place.name, text=text)


def _gaps(place: _Place, now: datetime) -> Iterator[Defect]:
    schedules = {t.id: t.name for t in place.targets if t.kind is TargetKind.SCHEDULE}
    ahead, troubles = finals(schedules, now, now + _AHEAD)
    for schedule_id, name in schedules.items():
        if trouble := troubles.get(schedule_id):
            yield Defect(where=place.name, text=f"The schedule {name} cannot be read: {trouble}. Save it anew.")
        elif gaps := [segment for segment in ahead.get(schedule_id, ()) if not segment.people]:
            yield Defect(where=place.name, text=_gap_in_words(name, gaps))


def _gap_in_words(name: str, gaps: list[Segment]) -> str:
    first = gaps[0]
    more = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    span = f"{first.starts_at:%a %d %b %H:%M} to {first.ends_at:%a %d %b %H:%M} UTC"
    return f"In the next two weeks nobody is on call in {name} from {span}{more}. Fill the gap or add a layer below."


def _alone(people: dict[Target, set[int]]) -> list[Defect]:
    everybody = set().union(*people.values())
    if len(everybody) != 1:
        return []
    (name,) = names_of(everybody).values()
    return [Defect(where="Policy", text=f"{name} is the only one it can ever page. Nobody should be on call alone.")]
