"""Problems that people must look at."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, QuerySet

from tocsin.health.models import Problem

WEB_WAS_HUNG = "web hung"  # a key; the auditor lets it fade


def report(key: str, title: str, detail: str, url: str, now: datetime) -> None:
    """Show a problem until `over`. The same key again is the same problem, seen once more."""
    seen = {"title": title[:200], "detail": detail, "url": url[:300], "last_seen": now}
    if not Problem.objects.filter(key=key[:120], over_at=None).update(**seen, count=F("count") + 1):
        begun = {**seen, "first_seen": now, "count": 1, "over_at": None}
        Problem.objects.update_or_create(key=key[:120], defaults=begun)


def over(key: str, now: datetime) -> bool:
    """The problem is gone. False: it was not there."""
    return bool(Problem.objects.filter(key=key[:120], over_at=None).update(over_at=now))


def end_others(prefix: str, keys: Collection[str], now: datetime) -> None:
    """Of the problems whose keys begin so, all but these are gone."""
    for problem in open_problems().filter(key__startswith=prefix).exclude(key__in=list(keys)):
        over(problem.key, now)


def open_problems() -> QuerySet[Problem]:
    return Problem.objects.filter(over_at=None)
