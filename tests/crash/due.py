"""Which pages were due, by the policy and by what was taken, without asking Tocsin.

A client knows between which two moments something was committed. It is acted on when an engine is there, which was
killed again and again: later, never earlier. So each page has a moment before which it may not come and, where it was
answered, one after which it may not; and it must come where an engine was there for long enough before the answer.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Self

from tests.crash.ledger import Act, Kind

EARLY = 1.0  # seconds: a turn of the engine reads the time once and may meet what comes while it works
SURELY = 3.0  # seconds after a page has come, in which one that was due before it comes too, on a busy machine
IN_THE_AIR = 6.0  # seconds in which what has left arrives


@dataclass(frozen=True, kw_only=True)
class Step:
    whom: str  # where its page arrives
    delay: float  # seconds to the next
    merges: bool = False  # it arrives by a method that had to wait: of pages that wait together only the last is sent


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All the pages of one run in their order; the last is the catch-all's."""

    steps: tuple[Step, ...]
    lapses: float | None = None  # seconds that an acknowledgement lasts


@dataclass(frozen=True)
class Uptime:
    """From when to when there was an engine; the last is still there. And what shows that it worked, and did not only
    start: however busy the machine is, whoever sends a page has made all that were due before it.
    """

    spans: tuple[tuple[float, float], ...]
    # by where pages arrive, as each way has its own queue: what was due by the first moment was done by the second
    signs: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)

    @classmethod
    def of(cls, starts: Sequence[float], ends: Sequence[float]) -> Self:
        return cls(tuple((start, min((e for e in ends if e > start), default=inf)) for start in sorted(starts)))

    def shown_by(self, pages: Iterable[tuple[str, float, float]]) -> Self:
        """Of each page: where it came, before when it was not due, and when it came."""
        seen: dict[str, list[tuple[float, float]]] = {}
        for whom, due, came in pages:
            if self._lasts(came, came + SURELY):
                seen.setdefault(whom, []).append((due, came + SURELY))
        return replace(self, signs={whom: _soonest(signs) for whom, signs in seen.items()})

    def _lasts(self, begin: float, end: float) -> bool:
        return any(a <= begin and end <= b for a, b in self.spans)

    def done_by(self, at: float, whom: str | None = None) -> float:
        """When what is due then is done for sure; infinity: nothing shows it. `whom`: a page that arrives there."""
        asked = self.signs.values() if whom is None else [self.signs.get(whom, ())]
        after = [(signs, bisect_left(signs, (at, -inf))) for signs in asked]
        return min((signs[place][1] for signs, place in after if place < len(signs)), default=inf)

    def near(self, acts: Sequence[Act]) -> str:
        """When there was an engine since the first of these, in words."""
        spans = [f"{a:.2f}–{b:.2f}" for a, b in self.spans if b > acts[0].asked and a < acts[-1].taken]
        return f"there was an engine {', '.join(spans)}"

    def heard(self, act: Act) -> float:
        """When it counts. An event is read by the engine, and what it had in the air when it died goes out before."""
        return self.done_by(act.taken) if act.via == "events" else act.taken


def _soonest(signs: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """In order; what was done for a later one was done for an earlier one."""
    found, soonest = list[tuple[float, float]](), inf
    for due, done in sorted(signs, reverse=True):
        soonest = min(soonest, done)
        found.append((due, soonest))
    return found[::-1]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The steps of an escalation, once; an acknowledgement that runs out begins another."""

    begins: float  # not before
    begun: float  # by then its first page was due
    ended: Act | None = None
    is_sure: bool = True  # else it may not have been
    has_lapsed: bool = False  # it began because an answer ran out


@dataclass(frozen=True, kw_only=True)
class Due:
    whom: str
    earliest: float
    latest: float  # infinity: nobody answered
    must: bool
    merges: bool = False


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the acts on one key amount to."""

    runs: tuple[Run, ...]
    openings: int  # alerts that were opened
    state: str  # in the end: triggered, acknowledged, resolved


@dataclass(kw_only=True)
class _Reading:
    uptime: Uptime
    runs: list[Run] = field(default_factory=list)
    openings: int = 0
    is_open: bool = False
    answer: Act | None = None  # by which it is acknowledged

    def read(self, act: Act) -> None:
        if act.kind is not Kind.TRIGGER:
            self.let_lapse(act)
        match act.kind:
            case Kind.TRIGGER if not self.is_open:
                self.openings, self.is_open = self.openings + 1, True
                self.runs.append(Run(begins=act.asked, begun=act.taken))
            case Kind.ACKNOWLEDGE | Kind.SNOOZE if self.is_open and self.answer is None:
                self._answer(act)
            case Kind.RESOLVE if self.is_open:
                self._end(act)
                self.answer, self.is_open = None, False

    def let_lapse(self, act: Act | None = None) -> None:
        """Whether an answer ran out before this act; none: all is over, so it did."""
        given = self.answer
        if given is None or given.lasts is None:
            return
        begins, begun = given.asked + given.lasts, self.uptime.heard(given) + given.lasts
        if act is not None and act.taken < begins:
            return
        # nobody answers again before a new page has come; but what is resolved may not have run out
        is_sure = act is None or act.kind is not Kind.RESOLVE or act.asked > self.uptime.done_by(begun)
        self.runs.append(Run(begins=begins, begun=begun, is_sure=is_sure, has_lapsed=True))
        self.answer = None

    def _answer(self, act: Act) -> None:
        self._end(act)
        self.answer = act
        begins = act.asked + (act.lasts or 0)
        if act.lasts is not None and act.attempts > 1 and act.taken >= begins:
            # taken without an answer, it may have run out before it was taken once more
            run = Run(begins=begins, begun=begins, ended=act, is_sure=False, has_lapsed=True)
            self.runs.append(run)

    def _end(self, act: Act) -> None:
        if self.runs[-1].ended is None:
            self.runs[-1] = replace(self.runs[-1], ended=act)


def story(acts: Iterable[Act], uptime: Uptime) -> Story:
    reading = _Reading(uptime=uptime)
    for act in acts:
        reading.read(act)
    reading.let_lapse()
    state = "resolved" if not reading.is_open else "acknowledged" if reading.answer else "triggered"
    return Story(runs=tuple(reading.runs), openings=reading.openings, state=state)


def pages(found: Story, policy: Policy, uptime: Uptime) -> list[Due]:
    """Every page that may come, in the order in which it may."""
    made = [due for run in found.runs for due in _of_run(run, policy, uptime)]
    return sorted(made, key=lambda due: due.earliest)


def _of_run(run: Run, policy: Policy, uptime: Uptime) -> Iterable[Due]:
    after, due = 0.0, run.begun
    for step in policy.steps:
        earliest = run.begins + after - EARLY
        if run.ended is not None and earliest > run.ended.taken:
            return
        over = inf if run.ended is None else uptime.heard(run.ended) + IN_THE_AIR
        done = uptime.done_by(due, step.whom)
        must = run.is_sure and (run.ended is None or done < run.ended.asked)
        yield Due(whom=step.whom, earliest=earliest, latest=over, must=must, merges=step.merges)
        after, due = after + step.delay, done + step.delay


def shown(due: Sequence[Due], arrived: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float, float]]:
    """Of each page that came: where, before when it was not due, and when. If it is a later one, it was due later."""
    for whom in {there for there, _ in arrived}:
        earliest = sorted(d.earliest for d in due if d.whom == whom)
        came = sorted(at for there, at in arrived if there == whom)
        yield from ((whom, begin, at) for begin, at in zip(earliest, came, strict=False))


def missed(due: Sequence[Due], arrived: Sequence[tuple[str, float]]) -> list[str]:
    """Pages that had to come and did not. `arrived`: where and when, each page once."""
    found = []
    for whom in sorted({d.whom for d in due}):
        must = [d for d in due if d.whom == whom and d.must]
        came = sorted(at for there, at in arrived if there == whom)
        if any(d.merges for d in must):
            must = must[-1:]
            came = [at for at in came if at >= must[0].earliest]
        if len(came) < len(must):
            found.append(f"{len(must)} pages to {whom} were due, {len(came)} came")
    return found


def superfluous(due: Sequence[Due], arrived: Sequence[tuple[str, float]]) -> list[str]:
    """Pages that came and were not due then: too early, after they were answered, or too many."""
    left, found = list(due), []
    for whom, at in sorted(arrived, key=lambda a: a[1]):
        fitting = [d for d in left if d.whom == whom and d.earliest <= at <= d.latest]
        if fitting:
            left.remove(min(fitting, key=lambda d: d.latest))
        else:
            found.append(f"a page to {whom} at {at:.2f} was not due; left: {[d for d in left if d.whom == whom]}")
    return found
