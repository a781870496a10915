"""The outbox as people look at it: what leaves, for whom, about what. Never what it says: there are links and codes."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Prefetch, QuerySet

from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Actor, Verb
from tocsin.outbox import queries as outbox
from tocsin.outbox.models import Attempt, Message, State
from tocsin.sealing import Unsealable

_STATES: dict[str, tuple[str, tuple[State, ...]]] = {
    "": ("All", tuple(State)),
    "pending": ("On the way", (State.PENDING, State.SENDING, State.UNKNOWN)),
    "failed": ("Failed", (State.FAILED,)),
    "sent": ("Sent", (State.SENT, State.DELIVERED)),
    "cancelled": ("Cancelled", (State.CANCELLED,)),
}
_COUNTED = ("pending", "failed")  # the others only grow
PURPOSES = {
    "page": "Page",
    "test": "Pager test",
    "verification": "Verification code",
    "invitation": "Invitation",
    "notice": "Notice",
    "subscription": "Subscription",
}
_SEALED = "target", "secret", "payload"


@dataclass(frozen=True, kw_only=True)
class Filters:
    state: str = ""
    kind: str = ""
    purpose: str = ""

    def query(self) -> str:
        return urlencode({name: value for name, value in vars(self).items() if value})


@dataclass(frozen=True, kw_only=True)
class Tab:
    label: str
    url: str
    count: int | None
    is_current: bool


def read(state: str, kind: str, purpose: str) -> Filters:
    """What is not known counts as not said."""
    return Filters(
        state=state if state in _STATES else "",
        kind=kind if kind in CHANNELS else "",
        purpose=purpose if purpose in PURPOSES else "",
    )


def listed(actor: Actor, filters: Filters) -> QuerySet[Message]:
    """Newest first, with whom it is for and what it is about, where it is a page."""
    found = outbox.messages(actor, outbox.MessageFilters(kind=filters.kind, purpose=filters.purpose))
    if filters.state:
        found = found.filter(state__in=_STATES[filters.state][1])
    about = "notification__user", "notification__method", "notification__escalation__group__service"
    sealed = (*_SEALED, "notification__method__address", "notification__method__secret")
    return found.select_related(*about).defer(*sealed)


def one(actor: Actor, pk: int) -> Message:
    """`DoesNotExist` when there is none. With its attempts, oldest first."""
    tries = Prefetch("tries", Attempt.objects.order_by("id"))
    return listed(actor, Filters()).prefetch_related(tries).get(pk=pk)


def address_of(actor: Actor, message: Message) -> str:
    """Addresses are private: to the person themselves, and to who manages people. Open tabs have none."""
    if message.kind == "inapp":
        return ""
    notification = getattr(message, "notification", None)
    is_own = notification is not None and notification.user_id == actor.user_id
    if not is_own and not actor.may(Verb.MANAGE_PEOPLE):
        return ""
    try:
        return str(message.target)
    except Unsealable as error:
        return str(error)


def tabs(actor: Actor, filters: Filters) -> list[Tab]:
    counts = outbox.counts(actor)
    return [
        Tab(
            label=label,
            url=f"?{Filters(state=name, kind=filters.kind, purpose=filters.purpose).query()}",
            count=sum(counts.get(s, 0) for s in states) if name in _COUNTED else None,
            is_current=name == filters.state,
        )
        for name, (label, states) in _STATES.items()
    ]
