"""How people are reached: their verified methods, in the order of their rules."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from tocsin.core.reach import Method
from tocsin.core.signals import Urgency
from tocsin.people.models import ContactMethod, NotificationRule


def methods_of(user_ids: Iterable[int], urgency: Urgency) -> dict[int, tuple[Method, ...]]:
    """For everybody asked for: verified methods by their rules; without a usable rule, all of them at once.

    Two queries, and no sealed field is opened: a row sealed with a lost key must not stop a page.
    """
    ids = set(user_ids)
    kinds = _verified(ids)
    rules = _rules(ids, urgency, kinds)
    return {user_id: rules.get(user_id) or _at_once(kinds.get(user_id, {})) for user_id in ids}


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
