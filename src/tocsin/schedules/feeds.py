"""Calendar links: secret addresses without login, under which calendar programs read shifts."""

import importlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from tocsin import sealing
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.queries import users_of
from tocsin.people.writing import create, delete
from tocsin.schedules import ical, queries
from tocsin.schedules.ical import Event
from tocsin.schedules.models import CalendarLink, Schedule
from tocsin.schedules.stretches import stretches

_READ_AT_MOST_EVERY = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Feed:
    name: str
    time_zone: str
    events: tuple[Event, ...]

    @property
    def etag(self) -> str:
        return ical.etag(self.name, self.time_zone, self.events)

    def body(self, now: datetime) -> bytes:
        written: bytes = _writing().calendar(self.name, self.time_zone, self.events, now)
        return written


def _writing() -> ModuleType:
    """Only where somebody subscribes."""
    return importlib.import_module("tocsin.schedules.ical_writing")


def links(actor: Actor) -> QuerySet[CalendarLink]:
    """One's own."""
    require(actor, Verb.VIEW)
    return CalendarLink.objects.filter(owner=actor.user_id or 0).select_related("schedule", "owner")


def make_link(actor: Actor, schedule: Schedule | None, now: datetime) -> tuple[CalendarLink, str]:
    """The link and its address, which is shown once. Made anew, the old address stops working at once."""
    require(actor, Verb.EDIT_SELF)
    if actor.user_id is None:
        raise Refused("A calendar link belongs to a person. Use a token that acts as one.")
    raw = sealing.token()
    with transaction.atomic():
        if not User.objects.select_for_update().filter(pk=actor.user_id, is_active=True).exists():
            raise Denied("This account is not active.")
        links(actor).filter(schedule=schedule).delete()
        row = CalendarLink(
            owner_id=actor.user_id, schedule=schedule, token_hash=sealing.fingerprint(raw), created_at=now
        )
        create(actor, row, now)
    return row, f"{settings.PUBLIC_URL.rstrip('/')}/calendar/{raw}.ics"


def drop_link(actor: Actor, link: CalendarLink, now: datetime) -> None:
    require(actor, Verb.EDIT_SELF if link.owner_id == actor.user_id else Verb.MANAGE_PEOPLE)
    delete(actor, link, now)


def feed_of(raw: str, now: datetime) -> Feed | None:
    """None: unknown, made anew since, or its owner is not active any more. `Unloadable` for a broken schedule."""
    found = CalendarLink.objects.filter(token_hash=sealing.fingerprint(raw), owner__is_active=True)
    link = found.select_related("owner", "schedule").first()
    if link is None:
        return None
    if link.read_at is None or link.read_at <= now - _READ_AT_MOST_EVERY:
        CalendarLink.objects.filter(pk=link.pk).update(read_at=now)
    return feed_of_schedule(link.schedule, now) if link.schedule else feed_of_person(link.owner, now)


def feed_of_schedule(schedule: Schedule, now: datetime) -> Feed:
    """The final schedule with the names of who is on call. Gaps are not in it."""
    start, end = ical.window(now)
    segments = [segment for segment in stretches(queries.final(schedule, start, end)) if segment.people]
    users = users_of(p for segment in segments for p in (*segment.people, *segment.shadows))
    events = [
        Event(
            key=f"schedule-{schedule.pk}",
            starts_at=segment.starts_at,
            ends_at=segment.ends_at,
            title=f"{_names(segment.people, users)}: {schedule.name}",
            about=", ".join(segment.sources) + _shadows(segment.shadows, users),
            url=_url(schedule),
            people=tuple((users[p].name, users[p].email) for p in segment.people if p in users),
        )
        for segment in segments
    ]
    return Feed(name=f"{schedule.name} (on call)", time_zone=schedule.time_zone, events=tuple(ical.joined(events)))


def feed_of_person(user: User, now: datetime) -> Feed:
    """All their shifts, in every schedule."""
    shifts = queries.shifts_of(user.pk, *ical.window(now))
    events = tuple(
        Event(
            key=f"schedule-{shift.schedule.pk}-person-{user.pk}",
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            title=f"On call: {shift.schedule.name}",
            url=_url(shift.schedule),
        )
        for shift in shifts
    )
    return Feed(name=f"{user.name} on call", time_zone=user.time_zone, events=events)


def _names(people: tuple[int, ...], users: dict[int, User]) -> str:
    return ", ".join(users[p].name for p in people if p in users)


def _shadows(people: tuple[int, ...], users: dict[int, User]) -> str:
    return f"; shadow: {_names(people, users)}" if people else ""


def _url(schedule: Schedule) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{schedule.get_absolute_url()}"
