"""Counts of what should be rare."""

from django.db.models import F

from tocsin.health.models import Counter


def add(name: str, n: int = 1) -> None:
    if n and not Counter.objects.filter(name=name).update(value=F("value") + n):
        Counter.objects.get_or_create(name=name)
        Counter.objects.filter(name=name).update(value=F("value") + n)


def value(name: str) -> int:
    return Counter.objects.filter(name=name).values_list("value", flat=True).first() or 0


def values() -> dict[str, int]:
    return dict(Counter.objects.values_list("name", "value"))
