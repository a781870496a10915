"""Reading what being on call costs: everyone their own figures; leads, and who manages people, those of a team."""

import importlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from tocsin.care.models import Recorded, ShiftRecord, Terms, Unready
from tocsin.care.periods import Period
from tocsin.core import care
from tocsin.core.care import Calendar, Due, Kind, Load, Page, Rates, Shift
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.paging.models import Notification
from tocsin.people.models import Membership, Team, User
from tocsin.people.queries import users_of
from tocsin.schedules import queries as schedules

ARRIVED = ("sent", "delivered")
AHEAD = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One person in a report."""

    user: User
    load: Load
    due: Due
    share: float | None  # of the team's time on call; None: nobody was


@dataclass(frozen=True, kw_only=True)
class Fairness:
    what: str
    n: int
    index: float | None  # None: there was nothing to share


@dataclass(frozen=True, kw_only=True)
class Report:
    period: Period
    starts_at: datetime
    ends_at: datetime
    terms: Terms
    rows: tuple[Row, ...]
    fairness: tuple[Fairness, ...]
    since: datetime | None  # the first record there is; what was before it is not known

    @property
    def total(self) -> Decimal:
        return sum((row.due.total for row in self.rows), Decimal())

    @property
    def is_partly_unknown(self) -> bool:
        return self.since is None or self.since > self.starts_at


def teams(actor: Actor) -> QuerySet[Team]:
    """Those whose figures the actor may see."""
    require(actor, Verb.VIEW)
    found = Team.objects.select_related("terms")
    if actor.may(Verb.MANAGE_PEOPLE):
        return found
    return found.filter(memberships__user=actor.user_id or 0, memberships__is_lead=True)


def team(actor: Actor, slug: str) -> Team:
    require(actor, Verb.VIEW)
    found = get_object_or_404(Team.objects.select_related("terms"), slug=slug)
    require_lead(actor, found)
    return found


def require_lead(actor: Actor, of: Team) -> None:
    if not teams(actor).filter(pk=of.pk).exists():
        raise Denied(f"The figures of {of.name} are for its leads, and for owners and admins.")


def terms_of(of: Team | None) -> Terms:
    """The team's, or what counts where nobody has said anything. Not saved."""
    found = Terms.objects.filter(team=of).first() if of else None
    return found or Terms(team=of)


def report(actor: Actor, of: Team, period: Period) -> Report:
    """Who was on call in the team's schedules, as they belonged to it then; and its members, who perhaps were not."""
    require_lead(actor, of)
    terms = terms_of(of)
    start, end = period.window(terms.time_zone)
    records = _between(ShiftRecord.objects.filter(team=of), start, end)
    members = Membership.objects.filter(team=of, user__is_active=True).values_list("user_id", flat=True)
    ids = {row.user_id for row in records} | set(members)
    return _report(ids, records, terms, period, ShiftRecord.objects.filter(team=of))


def records(actor: Actor, of: Team) -> QuerySet[ShiftRecord]:
    """Who really was on call in the team's schedules."""
    require_lead(actor, of)
    return ShiftRecord.objects.filter(team=of)


def own(actor: Actor, period: Period) -> Report:
    """One person, in all schedules. What a team pays is in its report: rates differ."""
    require(actor, Verb.VIEW)
    user = get_object_or_404(User, pk=actor.user_id)
    terms = Terms(time_zone=user.time_zone)
    start, end = period.window(terms.time_zone)
    mine = ShiftRecord.objects.filter(user=user)
    return _report({user.pk}, _between(mine, start, end), terms, period, mine)


def coming(actor: Actor, now: datetime, user_id: int | None = None) -> list[schedules.Shift]:
    """A person's shifts in all schedules, unless told one's own; schedules are no secret."""
    require(actor, Verb.VIEW)
    return schedules.shifts_of(user_id or actor.user_id or 0, now, now + AHEAD)


def unready(actor: Actor) -> QuerySet[Unready]:
    """Who will be on call soon and could not be paged."""
    require(actor, Verb.VIEW)
    return Unready.objects.select_related("user", "schedule")


def rates_of(terms: Terms) -> Rates:
    an_hour = {
        Kind.WORKING: terms.working,
        Kind.OFF_HOURS: terms.off_hours,
        Kind.WEEKEND: terms.weekend,
        Kind.HOLIDAY: terms.holiday,
    }
    return Rates(an_hour=an_hour, minutes_a_wake_up=terms.minutes_a_wake_up)


def _between(records: QuerySet[ShiftRecord], start: datetime, end: datetime) -> list[ShiftRecord]:
    return list(records.filter(ends_at__gt=start, starts_at__lt=end))


def _report(
    ids: Collection[int], records: Iterable[ShiftRecord], terms: Terms, period: Period, ever: QuerySet[ShiftRecord]
) -> Report:
    start, end = period.window(terms.time_zone)
    shifts, pages, users = _shifts(records), _pages(ids, start, end), users_of(ids)
    loads = {
        pk: care.load(shifts[pk], pages[pk], calendar_of(user, terms, period), start, end) for pk, user in users.items()
    }
    rates, whole = rates_of(terms), sum(load.on_call for load in loads.values())
    rows = [
        Row(user=users[pk], load=load, due=care.due(load, rates), share=load.on_call / whole if whole else None)
        for pk, load in loads.items()
    ]
    return Report(
        period=period,
        starts_at=start,
        ends_at=end,
        terms=terms,
        rows=tuple(sorted(rows, key=lambda row: (-row.load.on_call, row.user.name, row.user.pk))),
        fairness=tuple(_fairness(loads.values())),
        since=_since(ever),
    )


def _since(ever: QuerySet[ShiftRecord]) -> datetime | None:
    found = ever.order_by("starts_at").values_list("starts_at", flat=True).first()
    return found or Recorded.objects.order_by("until").values_list("until", flat=True).first()


def _shifts(records: Iterable[ShiftRecord]) -> Mapping[int, list[Shift]]:
    found = defaultdict[int, list[Shift]](list)
    for row in records:
        found[row.user_id].append(Shift(starts_at=row.starts_at, ends_at=row.ends_at))
    return found


def _pages(ids: Collection[int], start: datetime, end: datetime) -> Mapping[int, list[Page]]:
    """What really went out; tests are no pages."""
    arrived = Notification.objects.filter(user__in=ids, state__in=ARRIVED, settled_at__gte=start, settled_at__lt=end)
    found = defaultdict[int, list[Page]](list)
    for user_id, at, group_id in arrived.order_by("settled_at").values_list(
        "user_id", "settled_at", "escalation__group_id"
    ):
        if at is not None and group_id is not None:
            found[user_id].append(Page(at=at, subject=group_id))
    return found


def calendar_of(user: User, terms: Terms, period: Period) -> Calendar:
    country = user.country or terms.country
    years = (period.first.year - 1, period.first.year, period.after.year)
    return Calendar(
        zone=user.time_zone,
        works_from=terms.works_from,
        works_until=terms.works_until,
        holidays=_holidays(country, years) if country else frozenset(),
    )


@lru_cache(maxsize=512)
def _holidays(country: str, years: tuple[int, ...]) -> frozenset[date]:
    known = importlib.import_module("holidays")  # only where a country was chosen: 3 MB of a process
    return frozenset(known.country_holidays(country, years=years))


def _fairness(loads: Collection[Load]) -> Iterable[Fairness]:
    """Among those who were on call at all."""
    among = [load for load in loads if load.shifts]
    burdens = {
        "Time on call": [load.on_call for load in among],
        "Off-hours": [load.off_hours for load in among],
        "Weekends and holidays": [load.minutes[Kind.WEEKEND] + load.minutes[Kind.HOLIDAY] for load in among],
        "Pages": [load.pages for load in among],
        "Wake-ups": [load.woken for load in among],
    }
    return (Fairness(what=what, n=len(among), index=care.fairness(b)) for what, b in burdens.items())
