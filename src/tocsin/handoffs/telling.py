"""What people are told about a handoff, and how."""

from collections.abc import Callable, Collection
from datetime import datetime

from django.conf import settings

from tocsin.channels.contract import Content
from tocsin.core.handover import State, Step
from tocsin.core.signals import Urgency
from tocsin.core.wall import Unloadable, zone_of
from tocsin.handoffs.models import Handoff
from tocsin.people.models import Membership
from tocsin.people.noticing import notify

# Written out, not reversed: a mistake in a view must not keep a notice from leaving.
PATH = "/handoffs/{pk}/"


def remind(row: Handoff, now: datetime) -> None:
    text = (
        f"Your shift ends {_at(row, row.leaves_at)}. A draft is ready: read it, add what {row.incoming} should know, "
        "and sign it. Five lines suffice."
    )
    _send(row, "remind", [row.outgoing_id], f"Sign the handoff of {row.schedule}", text, now)


def welcome(row: Handoff, now: datetime) -> None:
    signed = row.state == State.SIGNED
    text = f"{row.outgoing} has signed it: read and accept it." if signed else f"{row.outgoing} has not signed it yet."
    text = f"Your shift begins {_at(row, row.begins_at)}. {text} Then test your pager: {_url('/profile/')}"
    _send(
        row,
        "signed" if signed else "welcome",
        [row.incoming_id],
        f"You take over {row.schedule} from {row.outgoing}",
        text,
        now,
    )


def tell(row: Handoff, now: datetime) -> None:
    signed = row.state == State.SIGNED
    missing = f"{row.incoming} has not accepted it" if signed else f"{row.outgoing} has not signed it"
    text = (
        f"{row.incoming} has been on call since {_at(row, row.begins_at)}, but {missing}. "
        "Pages go out as ever. Talk to each other, then sign and accept it."
    )
    people = {row.outgoing_id, row.incoming_id, *leads(row)}
    _send(row, "tell", people, f"The handoff of {row.schedule} is open", text, now)


SAYINGS: dict[Step, Callable[[Handoff, datetime], None]] = {
    Step.REMIND: remind,
    Step.WELCOME: welcome,
    Step.TELL: tell,
}


def leads(row: Handoff) -> set[int]:
    """Of the schedule's team."""
    rows = Membership.objects.filter(team=row.schedule.team_id, is_lead=True, user__is_active=True)
    return set(rows.values_list("user_id", flat=True)) if row.schedule.team_id else set()


def _send(row: Handoff, what: str, people: Collection[int], title: str, text: str, now: datetime) -> None:
    url = _url(PATH.format(pk=row.pk))
    content = Content(purpose="notice", title=title, text=text, url=url, urgency=Urgency.LOW)
    notify(people, content, f"handoff-{row.pk}-{what}", now)


def _url(path: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + path


def _at(row: Handoff, at: datetime) -> str:
    try:
        zone = zone_of(row.schedule.time_zone)
    except Unloadable:  # the schedule cannot be read any more; its handoffs that are under way still can
        zone = zone_of("UTC")
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b}, {here:%H:%M} ({zone})"
