"""Who has a Tocsin tab open that can ring."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from tocsin.health.models import Presence

STALE = timedelta(seconds=30)  # an open tab is written every 10 s


def seen(tab: str, user_id: int, now: datetime) -> None:
    Presence.objects.update_or_create(tab=tab[:40], defaults={"user_id": user_id, "seen_at": now})


def seen_all(tabs: Mapping[str, int], now: datetime) -> None:
    """Many tabs of one process at once: (tab, user) each. One statement, because every commit wakes the engine."""
    rows = [Presence(tab=tab[:40], user_id=user_id, seen_at=now) for tab, user_id in tabs.items()]
    Presence.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tab"], update_fields=["user_id", "seen_at"]
    )


def gone(tab: str) -> None:
    Presence.objects.filter(tab=tab[:40]).delete()


def watching(user_ids: Iterable[int], now: datetime) -> set[int]:
    here = Presence.objects.filter(user_id__in=list(user_ids), seen_at__gt=now - STALE, seen_at__lt=now + STALE)
    return set(here.values_list("user_id", flat=True))


def clear(now: datetime) -> int:
    """Forget the tabs of processes that died without saying so."""
    return Presence.objects.filter(seen_at__lte=now - 2 * STALE).delete()[0]
