"""Shift swaps: asked, answered, and undone until the shift begins.

Every answer is one conditional update of the request's state, so of two who accept at the same moment one has it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.core import rota as core
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.health.edges import contained
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.writing import create
from tocsin.schedules import queries
from tocsin.schedules.models import Override, Schedule, SwapRequest
from tocsin.schedules.swap_notices import tell_asked, tell_of
from tocsin.schedules.swap_queries import asked_of

LONGEST = timedelta(days=62)
Span = tuple[datetime, datetime]


def ask(
    actor: Actor,
    schedule: Schedule,
    span: Span,
    now: datetime,
    *,
    asker: User | None = None,
    of: User | None = None,
    back: Span | None = None,
    note: str = "",
) -> SwapRequest:
    """Who takes this shift? `of`: one person; none: the whole team. `back`: a shift of theirs, taken for it."""
    require(actor, Verb.RESPOND)
    asker = asker or _self(actor)
    _check_whose(actor, asker)
    _check_span(span, now, "shift")
    if back:
        _check_back(of, back, now)
    _check_asked(asker, of)
    _check_on_call(schedule, asker, span)
    if back and of:
        _check_on_call(schedule, of, back)
    row = SwapRequest(
        schedule=schedule,
        asker=asker,
        starts_at=span[0],
        ends_at=span[1],
        asked=of,
        back_starts_at=back[0] if back else None,
        back_ends_at=back[1] if back else None,
        note=note.strip(),
        created_at=now,
    )
    with transaction.atomic():
        _lock(schedule)
        _refuse_twice(row)
        create(actor, row, now, verb="asked for")
        if not tell_asked(row, asked_of(row), now):
            raise Refused("There is nobody to ask: the schedule has no team and no other people. Ask one person.")
    return row


def accept(actor: Actor, swap: SwapRequest, now: datetime) -> SwapRequest:
    """The actor takes the shift. Again by the same person changes nothing; by another after that is refused."""
    require(actor, Verb.RESPOND)
    taker = _self(actor)
    if taker.pk not in asked_of(swap):
        raise Denied(f"{taker.name} was not asked.")
    with transaction.atomic():
        _lock(swap.schedule)
        if not _close(swap, "open", "accepted", now, starts_at__gt=now, taker=taker):
            return _taken_already(swap, taker)
        span, back = _spans(swap)
        _check_on_call(swap.schedule, swap.asker, span)
        if back:
            _check_on_call(swap.schedule, taker, back)
        Override.objects.bulk_create(_overrides(swap, taker, actor, now))
        record(actor, "accepted", swap, now, after={"taker": str(taker)})
        tell_of(swap, "accepted", {swap.asker_id}, taker.name, now)
    return swap


def decline(actor: Actor, swap: SwapRequest, now: datetime) -> SwapRequest:
    """When everybody who was asked has declined, the request is over."""
    require(actor, Verb.RESPOND)
    person = _self(actor)
    if person.pk not in asked_of(swap):
        raise Denied(f"{person.name} was not asked.")
    with transaction.atomic():
        _lock(swap.schedule)
        swap.refresh_from_db()
        if swap.state != "open":
            raise Refused(f"This request is {swap.state} already.")
        swap.declined_by.add(person)
        record(actor, "declined", swap, now)
        if asked_of(swap) <= set(swap.declined_by.values_list("pk", flat=True)):
            _close(swap, "open", "declined", now)
            tell_of(swap, "declined", {swap.asker_id}, person.name, now)
    return swap


def withdraw(actor: Actor, swap: SwapRequest, now: datetime) -> SwapRequest:
    """The asker wants it no more; nobody had taken it."""
    require(actor, Verb.RESPOND)
    _check_whose(actor, swap.asker)
    with transaction.atomic():
        if not _close(swap, "open", "withdrawn", now):
            raise Refused(f"This request is {swap.state} already.{_how_to_cancel(swap)}")
        record(actor, "withdrew", swap, now)
        told = asked_of(swap) - set(swap.declined_by.values_list("pk", flat=True))
        tell_of(swap, "withdrawn", told, actor.name, now)
    return swap


def cancel(actor: Actor, swap: SwapRequest, now: datetime) -> SwapRequest:
    """Undo what was accepted, by either of the two, until the first of its shifts begins."""
    require(actor, Verb.RESPOND)
    both = {swap.asker_id, swap.taker_id} - {None}
    if actor.user_id not in both:
        require(actor, Verb.MANAGE_PEOPLE)
    with transaction.atomic():
        _lock(swap.schedule)
        if _begins(swap) <= now:
            raise Refused("The shift has begun. Make an override for the rest of it.")
        _refuse_passed_on(swap)
        if not _close(swap, "accepted", "cancelled", now):
            raise Refused(f"This request is {swap.state}; there is nothing to cancel.")
        swap.overrides.all().delete()
        record(actor, "cancelled", swap, now)
        tell_of(swap, "cancelled", {p for p in both if p and p != actor.user_id}, actor.name, now)
    return swap


def expire(now: datetime, limit: int = 200) -> int:
    """Requests whose shift has begun end: for the engine, once a minute. One that cannot be ended stops no other."""
    due = (
        SwapRequest.objects.filter(state="open", starts_at__lte=now).order_by("pk").select_related("asker", "schedule")
    )
    ended = (contained(partial(_expire, swap, now), "a swap cannot be ended", id=swap.pk) for swap in due[:limit])
    return sum(bool(done.value) for done in ended)


def _expire(swap: SwapRequest, now: datetime) -> bool:
    with transaction.atomic():
        closed = _close(swap, "open", "expired", now)
        if closed:
            tell_of(swap, "expired", {swap.asker_id}, "", now)
    return closed


def _close(
    swap: SwapRequest, before: str, after: str, now: datetime, *, taker: User | None = None, **only: datetime
) -> bool:
    """False: it was in another state by then; the row is read anew either way."""
    changes = {"state": after, "closed_at": now} | ({"taker": taker} if taker else {})
    done = SwapRequest.objects.filter(pk=swap.pk, state=before, **only).update(**changes)
    swap.refresh_from_db()
    return bool(done)


def _taken_already(swap: SwapRequest, taker: User) -> SwapRequest:
    if swap.state == "accepted" and swap.taker_id == taker.pk:
        return swap
    if swap.state == "accepted":
        raise Refused(f"{swap.taker} was faster and has this shift.")
    if swap.state == "open":
        raise Refused("The shift has begun. Make an override for the rest of it.")
    raise Refused(f"This request is {swap.state} already. Nothing was changed.")


def _overrides(swap: SwapRequest, taker: User, actor: Actor, now: datetime) -> Iterable[Override]:
    span, back = _spans(swap)
    both = core.swap(swap.asker_id, span, taker.pk, back or span, (swap.asker.name, taker.name))
    return [
        Override(
            schedule=swap.schedule,
            swap=swap,
            change=one.change.value,
            user_id=one.person,
            instead_of_id=one.instead_of,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            note=one.source[:200],
            created_at=now,
            created_by_id=actor.user_id,
        )
        for one in (both if back else both[:1])
    ]


def _spans(swap: SwapRequest) -> tuple[Span, Span | None]:
    back = (swap.back_starts_at, swap.back_ends_at) if swap.back_starts_at and swap.back_ends_at else None
    return (swap.starts_at, swap.ends_at), back


def _begins(swap: SwapRequest) -> datetime:
    return min(swap.starts_at, swap.back_starts_at or swap.starts_at)


def _lock(schedule: Schedule) -> None:
    """Two swaps of one schedule are answered one after the other: each is checked against the other's overrides."""
    list(Schedule.objects.select_for_update().filter(pk=schedule.pk).values_list("pk"))


def _self(actor: Actor) -> User:
    found = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
    if found is None:
        raise Refused("A swap is between people. Use a token that acts as one.")
    return found


def _check_whose(actor: Actor, asker: User) -> None:
    if actor.user_id != asker.pk:
        require(actor, Verb.MANAGE_PEOPLE)


def _check_span(span: Span, now: datetime, what: str) -> None:
    if span[1] <= span[0]:
        raise Refused("The end must come after the start.", {"ends_at": "Before the start."})
    if span[0] <= now:
        raise Refused(f"This {what} has begun. Make an override for the rest of it.", {"starts_at": "In the past."})
    if span[1] - span[0] > LONGEST:
        raise Refused(f"A swap can be of {LONGEST.days} days at most.", {"ends_at": "Too long."})


def _check_back(of: User | None, back: Span, now: datetime) -> None:
    if of is None:
        raise Refused("Choose whose shift you take for it, or ask the team without one.", {"asked": "Choose somebody."})
    _check_span(back, now, "shift of theirs")


def _check_asked(asker: User, of: User | None) -> None:
    if of is not None and (of.pk == asker.pk or not of.is_active):
        raise Refused("Choose somebody else who is active.", {"asked": "Not possible."})


def _check_on_call(schedule: Schedule, person: User, span: Span) -> None:
    """All through the time: else the swap would move nothing, or the shift of somebody else."""
    if any(person.pk not in segment.people for segment in queries.final(schedule, *span)):
        raise Refused(f"{person.name} is not on call all through that time. Look at the schedule again.")


def _refuse_twice(row: SwapRequest) -> None:
    same = SwapRequest.objects.filter(schedule=row.schedule, asker=row.asker, state="open")
    if same.filter(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at).exists():
        raise Refused("There is an open request for this shift already. Withdraw it first.")


def _refuse_passed_on(swap: SwapRequest) -> None:
    """Who has the shift by a later swap believes to be on call, and would not be."""
    if swap.closed_at is None:
        return
    later = SwapRequest.objects.filter(schedule=swap.schedule, state="accepted", closed_at__gte=swap.closed_at)
    got = [(new, span) for _, new, span in _moves(swap)]
    for other in later.exclude(pk=swap.pk).select_related("asker", "taker"):
        if any(person == old and _meet(span, theirs) for old, _, theirs in _moves(other) for person, span in got):
            raise Refused(f"The shift was passed on: {other.asker} and {other.taker} have to cancel that swap first.")


def _moves(swap: SwapRequest) -> list[tuple[int, int, Span]]:
    """Of an accepted swap: who has given which time to whom."""
    span, back = _spans(swap)
    asker, taker = swap.asker_id, swap.taker_id or 0
    return [(asker, taker, span), *([(taker, asker, back)] if back else [])]


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _how_to_cancel(swap: SwapRequest) -> str:
    return " Cancel the swap instead." if swap.state == "accepted" else ""
