"""One answer for many alert groups. Each is a transaction of its own: locks of many groups are not held at once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tocsin.alerts import listing
from tocsin.core.permissions import Actor, Verb, require
from tocsin.paging.answering import Answer

Act = Callable[[int, Actor, datetime], Answer]


def each(act: Act, ids: Sequence[int], actor: Actor, now: datetime) -> list[tuple[int, Answer]]:
    """(group, answer) of those that are there, at most `listing.MOST`."""
    require(actor, Verb.RESPOND)
    found = sorted(listing.shown(actor, list(ids[: listing.MOST]), now).values_list("pk", flat=True))
    return [(pk, act(pk, actor, now)) for pk in found]
