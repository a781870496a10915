"""Calendars from elsewhere as a layer of a schedule: given, read, refreshed, and kept while their source breaks."""

import importlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import partial
from types import ModuleType

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.channels import http
from tocsin.channels.contract import BadAddress
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import problems
from tocsin.health.edges import contained
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, create, delete
from tocsin.schedules.ical import BadCalendar, Person, Read
from tocsin.schedules.models import ImportedCalendar, ImportedShift, Schedule

EVERY = timedelta(minutes=15)
ANEW = timedelta(days=1)  # how often what was pasted is read again: its recurrences go on
BEFORE, AFTER = timedelta(days=30), timedelta(days=400)
AT_ONCE = 8  # are fetched
LARGEST = 2 * 1024 * 1024  # bytes
_OK = 200


def calendars(actor: Actor, schedule: Schedule) -> QuerySet[ImportedCalendar]:
    require(actor, Verb.VIEW)
    return schedule.calendars.defer("text", "url")  # long; and sealed, which a page must not stumble over


def calendar(actor: Actor, pk: int) -> ImportedCalendar:
    require(actor, Verb.VIEW)
    return get_object_or_404(ImportedCalendar.objects.select_related("schedule"), pk=pk)


def add_calendar(
    actor: Actor,
    schedule: Schedule,
    name: str,
    now: datetime,
    *,
    url: str = "",
    text: str = "",
    is_above: bool = True,
) -> ImportedCalendar:
    """From an address, which is read at once and every quarter of an hour; or from its text, as it is."""
    require(actor, Verb.CONFIGURE)
    if bool(url.strip()) == bool(text.strip()):
        raise Refused("Give the address of the calendar, or its text: one of the two.")
    row = ImportedCalendar(
        schedule=schedule, name=name.strip(), url=_checked(url), is_above=is_above, tried_at=now, created_at=now
    )
    try:
        given = _fetched(row.url) if row.url else _sized(text)
        found = _read(schedule, given, now)
    except BadCalendar as error:
        raise Refused(f"This calendar cannot be used: {error}. Nothing was saved.") from error
    with transaction.atomic():
        create(actor, row, now)
        _keep(row, given, found, now)
    return row


def change_calendar(actor: Actor, row: ImportedCalendar, now: datetime, **changes: object) -> ImportedCalendar:
    """`name`, `is_above`."""
    require(actor, Verb.CONFIGURE)
    check_fields(changes, {"name", "is_above"})
    return change(actor, row, now, changes)


def remove_calendar(actor: Actor, row: ImportedCalendar, now: datetime) -> None:
    """With its shifts."""
    require(actor, Verb.CONFIGURE)
    with transaction.atomic():
        problems.over(_problem(row), now)
        delete(actor, row, now)


def refresh(actor: Actor, row: ImportedCalendar, now: datetime) -> bool:
    """By hand. False: its source breaks; the last good copy is kept, and `error` says why."""
    require(actor, Verb.CONFIGURE)
    return _refresh(row, partial(_given, row), now)


def refresh_due(now: datetime, limit: int = 20) -> int:
    """For the engine. Each is claimed by one node; they are fetched side by side, so that neither one that breaks nor a
    slow one holds up another."""
    due = Q(tried_at=None) | Q(tried_at__lte=now - ANEW) | (~Q(url="") & Q(tried_at__lte=now - EVERY))
    rows = ImportedCalendar.objects.filter(due).order_by(F("tried_at").asc(nulls_first=True))
    claimed = [pk for pk, tried_at in rows.values_list("pk", "tried_at")[:limit] if _claimed(pk, tried_at, now)]
    found = [contained(partial(_row, pk), "a calendar cannot be opened", id=pk).value for pk in claimed]
    with ThreadPoolExecutor(AT_ONCE, "calendar") as pool:
        given = {pool.submit(_given, row): row for row in found if row is not None}
        return sum(_taken(given[future], future, now) for future in as_completed(given))


def _row(pk: int) -> ImportedCalendar | None:
    return ImportedCalendar.objects.select_related("schedule").filter(pk=pk).first()


def _taken(row: ImportedCalendar, given: Future[str], now: datetime) -> bool:
    done = contained(partial(_refresh, row, given.result, now), "a calendar cannot be refreshed", id=row.pk)
    return bool(done.value)


def _claimed(pk: int, tried_at: datetime | None, now: datetime) -> bool:
    return bool(ImportedCalendar.objects.filter(pk=pk, tried_at=tried_at).update(tried_at=now))


def _given(row: ImportedCalendar) -> str:
    """Its text. In a thread of its own: asks no database."""
    return _fetched(row.url) if row.url else row.text


def _refresh(row: ImportedCalendar, give: Callable[[], str], now: datetime) -> bool:
    try:
        given = give()
        found = _read(row.schedule, given, now)
    except BadCalendar as error:
        _note(row, str(error), now)
        return False
    with transaction.atomic():
        if not ImportedCalendar.objects.select_for_update().filter(pk=row.pk).exists():
            return False  # removed meanwhile
        _keep(row, given, found, now)
    return True


def _note(row: ImportedCalendar, error: str, now: datetime) -> None:
    ImportedCalendar.objects.filter(pk=row.pk).update(error=error, tried_at=now)
    row.error = error
    since = f"The copy of {row.good_at:%d %b %Y %H:%M} UTC is used" if row.good_at else "There is no earlier copy"
    problems.report(
        _problem(row),
        f"The calendar {row.name} cannot be read",
        f"{error[:1].upper()}{error[1:]}. {since} in the schedule {row.schedule.name}; it is tried again every quarter "
        "of an hour. Put its source right, or take the calendar out.",
        f"/schedules/{row.schedule.slug}/",
        now,
    )


def _keep(row: ImportedCalendar, given: str, found: Read, now: datetime) -> None:
    """What ended before the window is the schedule's past, and stays as it was."""
    row.shifts.filter(ends_at__gt=now - BEFORE).delete()
    ImportedShift.objects.bulk_create(
        [
            ImportedShift(calendar=row, user_id=shift.person, starts_at=shift.starts_at, ends_at=shift.ends_at)
            for shift in found.shifts
        ],
        batch_size=500,
    )
    row.unmatched = [{"at": it.starts_at.isoformat(), "summary": it.summary} for it in found.unmatched]
    row.text, row.tried_at, row.good_at, row.error = given, now, now, ""
    row.save(update_fields=["unmatched", "text", "tried_at", "good_at", "error"])
    problems.over(_problem(row), now)


def _read(schedule: Schedule, given: str, now: datetime) -> Read:
    people = _people(User.objects.filter(is_active=True))
    found: Read = _reading().read(given, schedule.time_zone, people, now - BEFORE, now + AFTER)
    return found


def _reading() -> ModuleType:
    """Only where there are calendars to read."""
    return importlib.import_module("tocsin.schedules.ical_reading")


def _people(users: Iterable[User]) -> list[Person]:
    return [Person(id=user.pk, name=user.name, email=user.email) for user in users]


def _fetched(url: str) -> str:
    try:
        answer = http.request("GET", url, headers={"Accept": "text/calendar"}, most=LARGEST + 1)
    except (http.Refused, http.Unreachable) as error:
        raise BadCalendar(str(error).rstrip(".")) from error
    if answer.status != _OK:
        raise BadCalendar(f"its address answered {answer.status}")
    return _sized(answer.body.decode("utf-8", errors="replace"))


def _sized(text: str) -> str:
    if len(text) > LARGEST:
        raise BadCalendar(f"it is larger than {LARGEST // 1024 // 1024} MiB")
    return text.replace("\0", "")  # PostgreSQL stores none


def _checked(url: str) -> str:
    url = url.strip()
    if not url:
        return ""
    if url.startswith("webcal://"):
        url = f"https://{url.removeprefix('webcal://')}"
    try:
        return http.checked(url)
    except BadAddress as error:
        raise Refused(str(error), {"url": str(error)}) from error


def _problem(row: ImportedCalendar) -> str:
    return f"calendar {row.pk}"
