"""Reading the audit log."""

from datetime import datetime

from django.db.models import Model, Q, QuerySet

from tocsin.audit.actions import about
from tocsin.audit.models import Record
from tocsin.core.permissions import Actor, Verb, require


def records(
    actor: Actor,
    *,
    search: str = "",
    verb: str = "",
    object_kind: str = "",
    object_id: str = "",
    user_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Record]:
    """The newest first. `search` looks into who and what; `until` is exclusive."""
    require(actor, Verb.VIEW_AUDIT)
    exact = {"verb": verb, "object_kind": object_kind, "object_id": object_id, "user_id": user_id}
    found = Record.objects.filter(**{name: value for name, value in exact.items() if value})
    if search:
        found = found.filter(Q(actor__icontains=search) | Q(object_name__icontains=search))
    if since:
        found = found.filter(at__gte=since)
    return found.filter(at__lt=until) if until else found


def newest(row: Model) -> int:
    """The number of the last record about it; 0: none."""
    return _about(row).values_list("pk", flat=True).first() or 0


def by_others(row: Model, since: int, user_id: int | None) -> Record | None:
    """The last record about it that is newer than `since` and somebody else's."""
    newer = _about(row).filter(pk__gt=since)
    return (newer if user_id is None else newer.exclude(user_id=user_id)).first()


def _about(row: Model) -> QuerySet[Record]:
    return Record.objects.filter(**about(row)).order_by("-pk")


def kinds(actor: Actor) -> list[str]:
    """The kinds of object that the log speaks of, for a filter."""
    require(actor, Verb.VIEW_AUDIT)
    return list(Record.objects.order_by("object_kind").values_list("object_kind", flat=True).distinct())


def verbs(actor: Actor) -> list[str]:
    require(actor, Verb.VIEW_AUDIT)
    return list(Record.objects.order_by("verb").values_list("verb", flat=True).distinct())
