"""What chat channels, other systems and shadows are told when a step runs. Nobody is reached by it: no pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin import sealing
from tocsin.channels.contract import Content
from tocsin.core.escalation import Notice, Page
from tocsin.outbox import actions as outbox
from tocsin.paging import history, messages, rows
from tocsin.paging.history import Line
from tocsin.paging.models import Escalation
from tocsin.people.noticing import notify
from tocsin.people.queries import names_of
from tocsin.people.wording import listed
from tocsin.policies.models import Place
from tocsin.policies.places import KEY


@dataclass(frozen=True, kw_only=True)
class Telling:
    escalation: Escalation  # with its group
    notice: Notice
    whom: str  # was paged beside it


def tell_all(tellings: Sequence[Telling], now: datetime) -> None:
    """A place that is not there any more, or cannot be opened, is left out: people are paged whatever becomes of it."""
    if not tellings:
        return
    places = sealing.readable(Place.objects.all(), {telling.notice.target.id for telling in tellings})
    groups = {t.escalation.group_id: t.escalation.group for t in tellings}
    subjects = messages.subjects(group for group in groups.values() if group is not None)
    drafts = [
        _draft(telling, places[telling.notice.target.id], messages.notice(subjects[group_id], telling.whom))
        for telling in tellings
        if telling.notice.target.id in places and (group_id := telling.escalation.group_id) is not None
    ]
    outbox.put(drafts, now)
    history.write((_missing(telling) for telling in tellings if telling.notice.target.id not in places), now)


def _missing(telling: Telling) -> Line:
    why = "it was removed, or was sealed with another secret key"
    text = f"{telling.notice.target.name} could not be told: {why}."
    return Line(escalation=telling.escalation, kind="failed", text=text)


@dataclass(frozen=True, kw_only=True)
class Along:
    """Who walks along with a page."""

    escalation: Escalation  # with its group
    page: Page
    shadows: Collection[int]
    whom: str  # was paged


def tell_along(alongs: Collection[Along], now: datetime) -> None:
    """As urgently as those who are paged: it is how they learn."""
    groups = [along.escalation.group for along in alongs]
    subjects = messages.subjects(group for group in groups if group is not None) if groups else {}
    for along in alongs:
        row, page = along.escalation, along.page
        if row.group_id is not None:
            content = messages.shadowed(subjects[row.group_id], along.whom)
            key = f"shadow-{row.pk}-{page.round}-{page.step}"
            notify(along.shadows, content, key, now, urgency=rows.urgency_of(row))
    history.write(map(_line, alongs), now)


def _line(along: Along) -> Line:
    names = listed(sorted(names_of(along.shadows).values()))
    return Line(escalation=along.escalation, kind="told", text=f"Told as well, walking along: {names}.")


def _draft(telling: Telling, place: Place, content: Content) -> outbox.Draft:
    notice = telling.notice
    key = f"{KEY}-{telling.escalation.pk}-{notice.round}-{notice.step}-{place.pk}"
    return outbox.Draft(
        kind=place.kind, purpose="notice", target=place.address, secret=place.secret, content=content, key=key
    )
