"""How good a schedule is: whether somebody is always there, and whether the load is shared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tocsin.core.rota import Segment

_OF_COVERAGE, _OF_BALANCE = 0.7, 0.3  # what each counts in the score: a gap hurts at once, unfairness in the long run


@dataclass(frozen=True, kw_only=True)
class Load:
    person: int
    time: timedelta
    share: float  # of all the time of all people, from 0 to 1


@dataclass(frozen=True, kw_only=True)
class Quality:
    coverage: float  # share of the time in which somebody is on call
    balance: float  # 1: everybody carries the same; 0: one carries everything
    loads: tuple[Load, ...]  # the heaviest first

    @property
    def score(self) -> int:
        """From 0 to 100."""
        return round(100 * self.coverage * (_OF_COVERAGE + _OF_BALANCE * self.balance))


def quality(segments: Sequence[Segment], people: Iterable[int] = ()) -> Quality:
    """`people`: who should share the load, also those who have no shift in these segments."""
    whole, covered = timedelta(), timedelta()
    times = dict.fromkeys(people, timedelta())
    for segment in segments:
        length = segment.ends_at - segment.starts_at
        whole += length
        covered += length if segment.people else timedelta()
        for person in segment.people:
            times[person] = times.get(person, timedelta()) + length
    return Quality(
        coverage=covered / whole if whole else 0.0, balance=_balance(list(times.values())), loads=_loads(times)
    )


def _loads(times: dict[int, timedelta]) -> tuple[Load, ...]:
    whole = sum(times.values(), timedelta())
    ordered = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Load(person=p, time=time, share=time / whole if whole else 0.0) for p, time in ordered)


def _balance(times: list[timedelta]) -> float:
    """1 minus Gini's coefficient, stretched so that one who carries everything among n is 0, whatever n is.

    A single person shares with nobody: 0.
    """
    count, whole = len(times), sum(times, timedelta())
    if count < 2 or not whole:  # noqa: PLR2004 - two share
        return 0.0
    ranked = sum((rank * time for rank, time in enumerate(sorted(times), 1)), timedelta())
    gini = 2 * (ranked / whole) / count - (count + 1) / count
    return min(1.0, max(0.0, 1 - gini * count / (count - 1)))
