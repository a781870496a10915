"""Who is paged next, and when.

An escalation runs through the steps of its snapshot, then through them again as often as the policy says, then pages
the catch-all, and goes on paging it until somebody answers. A step that reaches nobody is passed over at once. Every
function takes the state and gives the next one with the reason; nothing here pages or writes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.conditions import ABOUT, ALWAYS, About, Condition, unmet
from tocsin.core.signals import Urgency

CATCH_ALL_EVERY = timedelta(minutes=30)
# when the catch-all reaches nobody, or every page to it failed: soon again, but not in a busy loop
CATCH_ALL_AGAIN = timedelta(minutes=1)
# what is held looks again at least so often: somebody may have taken a shift in the meantime
HELD_LOOKS = timedelta(minutes=15)


class Status(StrEnum):
    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class Reason(StrEnum):
    STARTED = "started"
    STEP_PAGED = "step paged"
    CATCH_ALL_PAGED = "catch-all paged"
    NOBODY_AT_ALL = "nobody at all to page"
    HELD = "held until somebody is on call"
    ACKNOWLEDGED = "acknowledged"
    PARTLY_ACKNOWLEDGED = "acknowledged, more people must"
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    SNOOZED = "snoozed"
    TAKEN_OVER = "taken over"
    REASSIGNED = "reassigned"
    RESPONDER_ADDED = "responder added"
    TIMED_OUT = "acknowledgement timed out"
    PAGES_FAILED = "every page of the step failed"
    CATCH_ALL_FAILED = "every page to the catch-all failed"
    CATCH_ALL_WIDENED = "the catch-all failed, widened"
    RETRIGGERED = "triggered again"
    WORSENED = "severity rose"
    ESCALATED = "escalated by a person"
    ENDED = "ended"
    ALREADY_ENDED = "already ended"
    NOT_DUE = "not due"


class TargetKind(StrEnum):
    USER = "user"
    SCHEDULE = "schedule"
    TEAM = "team"  # everyone in it
    TURN = "turn"  # one of a team, the next one with each page
    PLACE = "place"  # a chat channel or another system: is told, and never counts as having reached anybody
    STEWARDS = "stewards"  # every active owner and admin: the catch-all that nobody can empty


@dataclass(frozen=True, kw_only=True)
class Target:
    kind: TargetKind
    id: int  # 0 for the stewards
    name: str  # as it was called when the snapshot was made


@dataclass(frozen=True, kw_only=True)
class Step:
    delay: timedelta  # from this step's pages to the next step
    targets: tuple[Target, ...]
    when: Condition = ALWAYS  # else it is passed over
    answers: int = 1  # so many people have to acknowledge it; fewer where it reaches fewer


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A policy as it was when an escalation began."""

    policy: str
    steps: tuple[Step, ...]
    repeats: int  # how often the steps run again before the catch-all
    catch_all: tuple[Target, ...]  # never empty: `policies.snapshots` puts the stewards where nobody is named
    ack_timeout_high: timedelta | None = None  # none: an acknowledgement lasts
    ack_timeout_low: timedelta | None = None
    repeat_from: int = 0  # the step with which a repeat begins
    hold_low: timedelta | None = None  # low urgency that reaches nobody waits so long for somebody to be on call


STEWARDS = Target(kind=TargetKind.STEWARDS, id=0, name="every owner and admin")
# Stands in for a snapshot that cannot be read: silence is the one thing that must not follow from a bad row.
EMERGENCY = Snapshot(policy="an unreadable policy", steps=(), repeats=0, catch_all=(STEWARDS,))


@dataclass(frozen=True, kw_only=True)
class State:
    status: Status
    step: int = 0  # the next to run; the number of steps stands for the catch-all, one more for the widened one
    catch_all_paged: bool = False  # else the answer of the last step is still waited for
    round: int = 0  # only grows: no two pages of an escalation have the same (step, round)
    repeats_left: int = 0
    next_due: datetime | None = None  # of the next step, or of the end of an acknowledgement
    answers_needed: int = 1  # by the step that was paged last
    answered: tuple[int, ...] = ()  # who has acknowledged, while others have to as well

    def is_due(self, now: datetime) -> bool:
        return self.next_due is not None and self.next_due <= now


@dataclass(frozen=True, kw_only=True)
class Page:
    step: int
    round: int
    targets: tuple[Target, ...]
    people: tuple[int, ...]  # each once


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What is told to a place beside the pages."""

    step: int
    round: int
    target: Target


@dataclass(frozen=True, kw_only=True)
class Decision:
    reason: Reason
    state: State
    page: Page | None = None
    skipped: tuple[int, ...] = ()  # steps passed over: they reach nobody, or their condition does not hold
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a decision depends on beside the policy and the people."""

    about: About = ABOUT
    began: datetime | None = None  # the escalation: what is held is held from then on
    somebody_at: datetime | None = None  # when somebody will be on call for a step that reaches nobody now
    heard_at: Mapping[int, datetime] = field(default_factory=dict)  # by person: whose quiet hours hold a page back


USUAL = Circumstances()
# The people of a target who can be reached, of a team in turn the next one first; a target left out has nobody.
Found = Mapping[Target, tuple[int, ...]]


def start(snapshot: Snapshot, now: datetime) -> Decision:
    state = State(status=Status.RUNNING, repeats_left=snapshot.repeats, next_due=now)
    return Decision(reason=Reason.STARTED, state=state)


def advance(snapshot: Snapshot, state: State, found: Found, now: datetime, around: Circumstances = USUAL) -> Decision:
    """Page the next step that applies and reaches somebody; the catch-all when there is none left."""
    if state.status is not Status.RUNNING or not state.is_due(now):
        return Decision(reason=Reason.NOT_DUE, state=state)
    began, skipped, notices = state, list[int](), dict[Target, Notice]()
    while state.step < len(snapshot.steps):
        step, after = snapshot.steps[state.step], _after(snapshot, state)
        if not unmet(step.when, around.about, now):
            _tell(notices, state, step.targets)
            if page := _page(state, step.targets, found):
                needed = max(1, min(step.answers, len(page.people)))
                after = replace(after, next_due=_heard(page, around, now) + step.delay, answers_needed=needed)
                passed, told = tuple(skipped), tuple(notices.values())
                return Decision(reason=Reason.STEP_PAGED, state=after, page=page, skipped=passed, notices=told)
        skipped.append(state.step)
        state = after
    last = _held(snapshot, began, now, around) or _catch_all(snapshot, state, found, now, around)
    told = () if last.reason is Reason.HELD else tuple(notices.values())
    return replace(last, skipped=tuple(skipped), notices=told)


def acknowledge(snapshot: Snapshot, state: State, urgency: Urgency, now: datetime, who: int | None = None) -> Decision:
    """`who`: one of the people who have to; none: the source, which stands for all."""
    if state.status is not Status.RUNNING:
        ended = state.status is Status.ENDED
        return Decision(reason=Reason.ALREADY_ENDED if ended else Reason.ALREADY_ACKNOWLEDGED, state=state)
    is_known = who is None or who in state.answered  # of an earlier step, too: a later one may need fewer
    answered = state.answered if who is None or is_known else (*state.answered, who)
    if who is not None and len(answered) < state.answers_needed:
        reason = Reason.ALREADY_ACKNOWLEDGED if is_known else Reason.PARTLY_ACKNOWLEDGED
        return Decision(reason=reason, state=replace(state, answered=answered))
    lasts = snapshot.ack_timeout_high if urgency is Urgency.HIGH else snapshot.ack_timeout_low
    until = None if lasts is None else now + lasts
    after = replace(state, status=Status.ACKNOWLEDGED, next_due=until, answered=())
    return Decision(reason=Reason.ACKNOWLEDGED, state=after)


def snooze(state: State, until: datetime) -> Decision:
    """An acknowledgement that lasts as long as somebody chose."""
    if state.status is Status.ENDED:
        return Decision(reason=Reason.ALREADY_ENDED, state=state)
    after = replace(state, status=Status.ACKNOWLEDGED, next_due=until, answered=())
    return Decision(reason=Reason.SNOOZED, state=after)


def take_over(snapshot: Snapshot, state: State, urgency: Urgency, now: datetime) -> Decision:
    """Somebody else answers for it from now on: the acknowledgement begins anew."""
    if state.status is not Status.ACKNOWLEDGED:
        return acknowledge(snapshot, state, urgency, now)
    again = acknowledge(snapshot, replace(state, status=Status.RUNNING), urgency, now)
    return replace(again, reason=Reason.TAKEN_OVER)


def time_out(snapshot: Snapshot, state: State, now: datetime) -> Decision:
    """The acknowledgement is over and nothing is resolved: the steps run again."""
    if state.status is not Status.ACKNOWLEDGED or not state.is_due(now):
        return Decision(reason=Reason.NOT_DUE, state=state)
    return _again(Reason.TIMED_OUT, snapshot, state, now)


def hurry(snapshot: Snapshot, state: State, failed_step: int, now: datetime) -> Decision:
    """Every page of the step that was paged last has failed: do not wait for the delay."""
    if state.status is not Status.RUNNING or state.next_due is None:
        return Decision(reason=Reason.NOT_DUE, state=state)
    if failed_step < len(snapshot.steps):
        return Decision(reason=Reason.PAGES_FAILED, state=replace(state, next_due=min(state.next_due, now)))
    if failed_step == len(snapshot.steps) and STEWARDS not in snapshot.catch_all:
        wider = replace(state, step=failed_step + 1, next_due=now)
        return Decision(reason=Reason.CATCH_ALL_WIDENED, state=wider)
    soon = min(state.next_due, now + CATCH_ALL_AGAIN)
    return Decision(reason=Reason.CATCH_ALL_FAILED, state=replace(state, next_due=soon))


def retrigger(snapshot: Snapshot, state: State, now: datetime) -> Decision:
    """A new alert joined what was acknowledged, or somebody took the acknowledgement back."""
    if state.status is not Status.ACKNOWLEDGED:
        ended = state.status is Status.ENDED
        return Decision(reason=Reason.ALREADY_ENDED if ended else Reason.NOT_DUE, state=state)
    return _again(Reason.RETRIGGERED, snapshot, state, now)


def worsened(snapshot: Snapshot, state: State, now: datetime) -> Decision:
    """The severity rose. Whoever is paged by now is paged again; one that has come to the catch-all stays there."""
    if state.status is Status.ENDED:
        return Decision(reason=Reason.ALREADY_ENDED, state=state)
    if state.status is Status.RUNNING and state.catch_all_paged:
        return Decision(reason=Reason.WORSENED, state=replace(state, next_due=now, answered=()))
    return _again(Reason.WORSENED, snapshot, state, now)


def escalate(state: State, now: datetime) -> Decision:
    """A person wants the next step now; an acknowledgement is taken back with it."""
    if state.status is Status.ENDED:
        return Decision(reason=Reason.ALREADY_ENDED, state=state)
    return Decision(reason=Reason.ESCALATED, state=replace(state, status=Status.RUNNING, next_due=now))


def end(state: State) -> Decision:
    if state.status is Status.ENDED:
        return Decision(reason=Reason.ALREADY_ENDED, state=state)
    return Decision(reason=Reason.ENDED, state=replace(state, status=Status.ENDED, next_due=None))


def people_in(targets: Iterable[Target], found: Found) -> tuple[int, ...]:
    """Each once, in the order of the targets."""
    return tuple(dict.fromkeys(person for target in targets for person in _people_of(target, found)))


def in_turn(people: Iterable[int], last: int | None) -> tuple[int, ...]:
    """The people of a team in the order of their turns: whoever comes after the one who was paged last is first.

    That one need not be among them any more.
    """
    ordered = sorted(people)
    after = [person for person in ordered if last is not None and person > last]
    return (*after, *ordered[: len(ordered) - len(after)])


def turns_taken(page: Page, found: Found) -> dict[int, int]:
    """By team: who had its turn with this page."""
    teams = (target for target in page.targets if target.kind is TargetKind.TURN)
    return {target.id: found[target][0] for target in teams if found.get(target)}


def _people_of(target: Target, found: Found) -> tuple[int, ...]:
    people = found.get(target, ())
    if target.kind is TargetKind.TURN:
        return people[:1]
    return () if target.kind is TargetKind.PLACE else people


def _tell(notices: dict[Target, Notice], state: State, targets: tuple[Target, ...]) -> None:
    """Once for all the steps that are run at one instant."""
    for target in targets:
        if target.kind is TargetKind.PLACE:
            notices.setdefault(target, Notice(step=state.step, round=state.round, target=target))


def _page(state: State, targets: tuple[Target, ...], found: Found) -> Page | None:
    people = people_in(targets, found)
    return Page(step=state.step, round=state.round, targets=targets, people=people) if people else None


def _after(snapshot: Snapshot, state: State) -> State:
    """Where an escalation stands when its step has been run."""
    if state.step + 1 < len(snapshot.steps):
        return replace(state, step=state.step + 1)
    if state.repeats_left > 0:
        first = min(snapshot.repeat_from, len(snapshot.steps) - 1)
        return replace(state, step=first, round=state.round + 1, repeats_left=state.repeats_left - 1)
    return replace(state, step=len(snapshot.steps))


def _held(snapshot: Snapshot, state: State, now: datetime, around: Circumstances) -> Decision | None:
    """Low urgency whose steps reach nobody need not wake the catch-all: somebody will be on call soon."""
    if around.about.urgency is not Urgency.LOW or not snapshot.steps or state.step != 0:
        return None
    if snapshot.hold_low is None or around.began is None or now >= around.began + snapshot.hold_low:
        return None
    looks = [around.began + snapshot.hold_low, now + HELD_LOOKS]
    if around.somebody_at is not None and around.somebody_at > now:
        looks.append(around.somebody_at)
    return Decision(reason=Reason.HELD, state=replace(state, next_due=min(looks)))


def _heard(page: Page, around: Circumstances, now: datetime) -> datetime:
    """When the first of its people can hear it. The delay to the next step begins then: nobody is passed over for
    sleeping through what was held back from them."""
    return min(around.heard_at.get(person, now) for person in page.people)


def _catch_all(snapshot: Snapshot, state: State, found: Found, now: datetime, around: Circumstances) -> Decision:
    state = replace(state, step=max(state.step, len(snapshot.steps)))
    named = snapshot.catch_all if state.step == len(snapshot.steps) else (*snapshot.catch_all, STEWARDS)
    # where the policy names a catch-all that has become empty, the stewards still stand behind it
    page = _page(state, named, found) or _page(state, (STEWARDS,), found)
    due = _heard(page, around, now) + CATCH_ALL_EVERY if page else now + CATCH_ALL_AGAIN
    reason = Reason.CATCH_ALL_PAGED if page else Reason.NOBODY_AT_ALL
    paged = state.catch_all_paged or page is not None
    after = replace(state, round=state.round + 1, next_due=due, answers_needed=1, catch_all_paged=paged)
    return Decision(reason=reason, state=after, page=page)


def _again(reason: Reason, snapshot: Snapshot, state: State, now: datetime) -> Decision:
    fresh = State(status=Status.RUNNING, step=0, round=state.round + 1, repeats_left=snapshot.repeats, next_due=now)
    return Decision(reason=reason, state=fresh)
