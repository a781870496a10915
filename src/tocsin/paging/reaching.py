"""Whom targets mean right now, and by which methods they can be reached: for a whole batch, in a few queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.escalation import STEWARDS, Snapshot, Target
from tocsin.core.reach import Method, heard_at
from tocsin.core.signals import Urgency
from tocsin.people.reaching import methods_at, methods_of
from tocsin.policies.resolving import Found, look, people_of


@dataclass(frozen=True, kw_only=True)
class Reach:
    people: Mapping[Target, Found]
    methods: Mapping[Urgency, Mapping[int, tuple[Method, ...]]]
    wanted: Mapping[int, tuple[Method, ...]]  # for low urgency that somebody asked for: no quiet hours

    def found(self, urgency: Urgency) -> dict[Target, tuple[int, ...]]:
        """Only those who have a method: paging somebody who has none would be silence."""
        methods = self.methods[urgency]
        return {target: tuple(p for p in found.people if methods.get(p)) for target, found in self.people.items()}

    def ways(self, urgency: Urgency, *, is_wanted: bool) -> Mapping[int, tuple[Method, ...]]:
        """By which methods people are reached, and when."""
        return self.wanted if is_wanted and urgency is Urgency.LOW else self.methods[urgency]

    def shadows(self, targets: Iterable[Target], paged: Iterable[int]) -> set[int]:
        """Who walks along with those who are paged."""
        found = (self.people[target].shadows for target in targets if target in self.people)
        return {person for shadows in found for person in shadows} - set(paged)

    def heard_at(self, urgency: Urgency, now: datetime) -> dict[int, datetime]:
        """Of the people whose quiet hours hold a page back: until when."""
        times = {person: heard_at(methods, now) for person, methods in self.methods[urgency].items()}
        return {person: at for person, at in times.items() if at is not None}

    def why_not(self, targets: Iterable[Target]) -> str:
        """Why none of the targets reaches anybody."""
        return "; ".join(self._why_not(target) for target in targets) or "it names nobody"

    def _why_not(self, target: Target) -> str:
        found = self.people.get(target)
        if found is None or not found.people:
            return found.why if found and found.why else f"{target.name} has nobody"
        return f"{target.name} has nobody with a verified contact method"


def reach(snapshots: Iterable[Snapshot], urgencies: Iterable[Urgency], now: datetime, *, is_wanted: bool) -> Reach:
    """`is_wanted`: somebody asked by hand for one of them."""
    people = people_of(targets_of(snapshots), now)
    everybody = {person for found in people.values() for person in found.people}
    methods = {urgency: methods_at(everybody, urgency, now) for urgency in set(urgencies)}
    return Reach(people=people, methods=methods, wanted=methods_of(everybody, Urgency.LOW) if is_wanted else {})


def ahead(snapshot: Snapshot, urgency: Urgency, at: datetime) -> Reach:
    """The same for one, looking ahead: nothing is reported, and nobody takes a turn."""
    people = look(targets_of([snapshot]), at)
    everybody = {person for found in people.values() for person in found.people}
    return Reach(people=people, methods={urgency: methods_at(everybody, urgency, at)}, wanted={})


def targets_of(snapshots: Iterable[Snapshot]) -> set[Target]:
    unique = set(snapshots)
    steps = {target for snapshot in unique for step in snapshot.steps for target in step.targets}
    return steps | {target for snapshot in unique for target in snapshot.catch_all} | {STEWARDS}
