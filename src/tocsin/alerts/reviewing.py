"""Looks again at open alerts: whether what holds them back still does, and whether something does now.

An alert is looked at when its hold runs out (`Alert.review_at`), when what inhibits it resolves, and when the rules
change, one of them begins, or the hours of an urgency rule begin or end. Everything is in the database, so a restart
forgets nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tocsin.alerts import claiming, loading, stored
from tocsin.alerts import rulebook as rulebooks
from tocsin.alerts.absorbing import Follow, finish, in_steps
from tocsin.alerts.holding import Key
from tocsin.alerts.models import Alert, Applied, Entry, Trace, Weather
from tocsin.core import matching, storms, suppression, urgency
from tocsin.core.matching import Fields
from tocsin.core.suppression import sources_of, targets_of
from tocsin.health import problems, wakeups
from tocsin.health.prepared import Prepared
from tocsin.rules import rulebook as rules

_ONLY = 1
_STEP = 500


def release_held(now: datetime, follow: Follow, limit: int = 500) -> int:
    """How many alerts were looked at; nothing is written when nothing is due."""
    _apply_rules(now)
    run = _Reviewing(now, follow, loading.due(now, limit))
    in_steps(limit, run.attempt, run.give_up)
    return run.done + _end_storms(now)


def _apply_rules(now: datetime) -> None:
    """All open alerts are held against rules that have changed, or have begun to hold."""
    book = rules.rulebook(now)
    applied = Applied.objects.filter(pk=_ONLY).first()
    if applied is None and not book.mark:
        return
    begins = _beginning(book, applied.at) if applied else now
    if applied and applied.mark == book.mark and (begins is None or begins > now):
        return
    with transaction.atomic():
        if not claiming.is_alone():
            return
        if applied is None or applied.mark != book.mark:
            _trace_anew(book)
        Alert.objects.filter(resolved_at=None).exclude(state="resolved").update(review_at=now)
        Applied.objects.update_or_create(pk=_ONLY, defaults={"mark": book.mark, "at": now})


_known: dict[tuple[str, datetime], datetime | None] = {}  # one: an idle turn works nothing out


def _beginning(book: rules.Rulebook, after: datetime) -> datetime | None:
    """`next_beginning`, by the edition of the rules."""
    known = book.mark, after
    if known not in _known:
        found = next_beginning(book, after)
        _known.clear()
        _known[known] = found
    return _known[known]


def next_beginning(book: rules.Rulebook, after: datetime) -> datetime | None:
    """When the rules next mean something else to alerts that are open, later than that."""
    found = suppression.next_change(book.silences, book.windows, after), urgency.next_change(book.urgency_rules, after)
    return min((at for at in found if at is not None), default=None)


def _trace_anew(book: rules.Rulebook) -> None:
    """Rules of inhibition may have changed: where the open alerts meet them is found out again."""
    Trace.objects.all().delete()
    if not book.inhibitions:
        return
    found = list[Trace]()
    for alert in _open_alerts().iterator(chunk_size=_STEP):
        fields = _fields_of(alert)
        sources, targets = dict(sources_of(book.inhibitions, fields)), set(targets_of(book.inhibitions, fields))
        found += [
            Trace(
                alert_id=alert.pk, rule=where[0], values=stored.digest(where), is_source=where in sources,
                is_target=where in targets,
            )
            for where in sources.keys() | targets
        ]  # fmt: skip
    Trace.objects.bulk_create(found, batch_size=_STEP)


def _open_alerts() -> QuerySet[Alert]:
    found = Alert.objects.filter(resolved_at=None).exclude(state="resolved").order_by()
    return found.select_related("integration", "group__service")


def _fields_of(alert: Alert) -> Fields:
    return matching.fields(
        details=alert.details,
        severity=alert.severity,
        source=alert.source,
        component=alert.component,
        summary=alert.summary,
        dedup_key=alert.dedup_key,
        service=alert.group.service.slug,
        integration=alert.integration.name,
        kind=alert.integration.kind,
    )


@dataclass(slots=True)
class _Reviewing:
    now: datetime
    follow: Follow
    keys: list[Key]
    done: int = 0

    def attempt(self, size: int) -> int:
        if not self.keys:
            return 0
        taking = self.keys[:size]
        rulebook = rulebooks.load({i for i, _ in taking}, self.now)
        with transaction.atomic():
            if not claiming.is_alone():
                return 0
            ledger = loading.load(dict.fromkeys(taking, False), rulebook)
            for key in taking:
                if key in ledger.open:  # it may have been resolved meanwhile
                    ledger.review(key, self.now)
            finish(ledger, self.follow, self.now)
        self.done += len(taking)
        del self.keys[:size]
        return len(taking)

    def give_up(self, error: Exception) -> int:
        key = self.keys.pop(0)
        detail = (
            f"Alert “{key[1]}” stays as it is and is looked at again at every turn. {type(error).__name__}: {error}"
        )
        title = "Whether an alert is still held back could not be decided"
        problems.report(f"reviewing {key[0]} {key[1]}"[:120], title, detail, "/alerts/", self.now)
        return 1


def _end_storms(now: datetime) -> int:
    """Says in the history of its group that a storm is over."""
    if not _ENDING.any(now):
        return 0
    due = Weather.objects.filter(ends_at__lte=now)
    with transaction.atomic():
        if not claiming.is_alone():
            return 0
        over = list(due.order_by("pk"))
        Entry.objects.bulk_create(_farewell(row, row.group_id, now) for row in over if row.group_id)
        due.update(ends_at=None, since=None, recent=[], count=0, settles_at=None)
        wakeups.notify()
    return len(over)


_ENDING = Prepared(lambda now: Weather.objects.filter(ends_at__lte=now).values_list("pk")[:1])


def _farewell(row: Weather, group_id: int, now: datetime) -> Entry:
    text = storms.farewell(storms.Weather(since=row.since, last_at=row.last_at, count=row.count))
    return Entry(group_id=group_id, at=now, kind="storm", text=text, via="engine")
