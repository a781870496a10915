"""Writing the audit log. Called inside the transaction of the change, so that neither is kept without the other."""

from datetime import datetime

from django.db.models import Model

from tocsin.audit.diffs import JSON, changed
from tocsin.audit.models import Record
from tocsin.core.permissions import Actor


def about(obj: Model) -> dict[str, str]:
    """By which fields of a record its object is found."""
    return {"object_kind": str(obj._meta.verbose_name)[:40], "object_id": "" if obj.pk is None else str(obj.pk)}


def record(
    actor: Actor,
    verb: str,
    obj: Model,
    now: datetime,
    *,
    before: dict[str, JSON] | None = None,
    after: dict[str, JSON] | None = None,
) -> None:
    """Remember that `actor` did `verb` to `obj`. Of both sides only what differs is kept, if anything."""
    if before is not None and after is not None:
        before, after = changed(before, after)
        if not before and not after:
            return
    Record.objects.create(
        at=now,
        user_id=actor.user_id,
        actor=actor.name[:160],
        via=actor.via[:12],
        verb=verb[:40],
        **about(obj),
        object_name=str(obj)[:200],
        before=before,
        after=after,
    )
