"""How people are reached: their verified methods, in the order of their rules."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.core.reach import Method, Quiet
from tocsin.core.signals import Urgency
from tocsin.core.wall import Unloadable
from tocsin.people.models import ContactMethod, NotificationRule, User


def methods_of(user_ids: Iterable[int], urgency: Urgency) -> dict[int, tuple[Method, ...]]:
    """For everybody asked for: verified methods by their rules; without a usable rule, all of them at once.

    Two queries, and no sealed field is opened: a row sealed with a lost key must not stop a page.
    """
    ids = set(user_ids)
    kinds = _verified(ids)
    rules = _rules(ids, urgency, kinds)
    return {user_id: rules.get(user_id) or _at_once(kinds.get(user_id, {})) for user_id in ids}


def methods_at(user_ids: Iterable[int], urgency: Urgency, now: datetime) -> dict[int, tuple[Method, ...]]:
    """The same for something that begins now: low urgency waits for the end of a person's quiet hours."""
    methods = methods_of(user_ids, urgency)
    quiet = _quiet(methods) if urgency is Urgency.LOW else {}
    for user_id, hours in quiet.items():
        methods[user_id] = tuple(_waiting(method, hours, now) for method in methods[user_id])
    return methods


def heard_from(user_id: int, now: datetime) -> datetime:
    """From when on this person hears of low urgency: now, or when their quiet hours are over."""
    hours = _quiet([user_id]).get(user_id)
    try:
        return hours.over(now) if hours else now
    except Unloadable:
        return now


def _quiet(ids: Iterable[int]) -> dict[int, Quiet]:
    rows = User.objects.filter(pk__in=ids, quiet_from__isnull=False)
    found = rows.values_list("pk", "time_zone", "quiet_from", "quiet_until")
    return {
        pk: Quiet(zone=zone, starts=starts, ends=ends)
        for pk, zone, starts, ends in found
        if starts is not None and ends is not None
    }


def _waiting(method: Method, hours: Quiet, now: datetime) -> Method:
    try:
        delay = hours.over(now + method.delay) - now
    except Unloadable:  # a zone this machine does not know: rather at once than not at all
        return method
    return replace(method, delay=delay, is_held=delay > method.delay)


def _verified(ids: set[int]) -> dict[int, dict[int, str]]:
    """User → method → its kind."""
    found = defaultdict[int, dict[int, str]](dict)
    rows = ContactMethod.objects.filter(user__in=ids, verified_at__isnull=False).order_by("id")
    for user_id, method_id, kind in rows.values_list("user_id", "id", "kind"):
        found[user_id][method_id] = kind
    return found


def _rules(ids: set[int], urgency: Urgency, kinds: dict[int, dict[int, str]]) -> dict[int, tuple[Method, ...]]:
    found = defaultdict[int, dict[int, Method]](dict)
    rows = NotificationRule.objects.filter(user__in=ids, urgency=urgency).order_by("delay_seconds", "id")
    for user_id, method_id, delay in rows.values_list("user_id", "method_id", "delay_seconds"):
        if kind := kinds.get(user_id, {}).get(method_id):
            found[user_id].setdefault(method_id, Method(id=method_id, kind=kind, delay=timedelta(seconds=delay)))
    return {user_id: tuple(methods.values()) for user_id, methods in found.items()}


def _at_once(kinds: dict[int, str]) -> tuple[Method, ...]:
    return tuple(Method(id=method_id, kind=kind, delay=timedelta()) for method_id, kind in kinds.items())
