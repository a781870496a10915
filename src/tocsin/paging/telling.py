"""What chat channels and other systems are told when a step runs. Nobody is reached by it for certain: no pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.channels.contract import Content
from tocsin.core.escalation import Notice
from tocsin.outbox import actions as outbox
from tocsin.paging import messages
from tocsin.paging.models import Escalation
from tocsin.policies.models import Place


@dataclass(frozen=True, kw_only=True)
class Telling:
    escalation: Escalation  # with its group
    notice: Notice
    whom: str  # was paged beside it


def tell_all(tellings: Sequence[Telling], now: datetime) -> None:
    """A place that is not there any more is left out: people are paged whatever becomes of it."""
    if not tellings:
        return
    places = Place.objects.in_bulk({telling.notice.target.id for telling in tellings})
    groups = {t.escalation.group_id: t.escalation.group for t in tellings}
    subjects = messages.subjects(group for group in groups.values() if group is not None)
    drafts = [
        _draft(telling, places[telling.notice.target.id], messages.notice(subjects[group_id], telling.whom))
        for telling in tellings
        if telling.notice.target.id in places and (group_id := telling.escalation.group_id) is not None
    ]
    outbox.put(drafts, now)


def _draft(telling: Telling, place: Place, content: Content) -> outbox.Draft:
    notice = telling.notice
    key = f"place-{telling.escalation.pk}-{notice.round}-{notice.step}-{place.pk}"
    return outbox.Draft(
        kind=place.kind, purpose="notice", target=place.address, secret=place.secret, content=content, key=key
    )
