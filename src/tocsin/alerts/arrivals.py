"""A new alert, before it has a group, and the group that it opens when it joins none."""

from datetime import datetime
from typing import NamedTuple

from tocsin.alerts.holding import Key
from tocsin.alerts.rows import AlertRow, GroupRow
from tocsin.alerts.rulebook import Destination, Speaker
from tocsin.core.holds import Hold, HoldKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.receipts import Reason
from tocsin.core.signals import Signal, Urgency
from tocsin.core.urgency import in_words

HELD = {
    HoldKind.SILENCE: Reason.SILENCED,
    HoldKind.MAINTENANCE: Reason.MAINTAINED,
    HoldKind.INHIBITION: Reason.INHIBITED,
    HoldKind.PAUSE: Reason.PAUSED,
    HoldKind.FLAPPING: Reason.FLAPPING,
    HoldKind.SETTLING: Reason.SETTLING,
    HoldKind.STORM: Reason.IN_STORM,
}


class Arrived(NamedTuple):
    """A new alert, before it has a group."""

    integration: Speaker
    key: Key
    signal: Signal
    to: Destination
    at: datetime


def group_of(new: Arrived, hold: Hold | None) -> GroupRow:
    return GroupRow(
        service_id=new.to.terms.service_id,
        policy_id=new.to.policy_id,
        key=new.to.key,
        title=new.signal.summary or new.signal.dedup_key,
        severity=str(new.signal.severity),
        urgency=str(Urgency.NONE if hold else new.to.urgency),
        held=hold.kind.value if hold else "",
        state=str(GroupState.TRIGGERED),
        opened_at=new.at,
        last_event_at=new.at,
        event_count=1,
    )


def anew(alert: AlertRow, before: tuple[str, str], why: str) -> str:
    """What is new about an open alert, in sentences. `before`: its urgency and what held it; `why`: of its urgency."""
    urgency, held = before
    said = []
    if alert.urgency != urgency:
        said += [f"It has {in_words(Urgency(alert.urgency))} now.", why]
    if alert.held_reason != held:
        said.append(alert.held_reason or "Nothing holds it back any more.")
    return " ".join(filter(None, said))


def said(to: Destination, hold: Hold | None) -> str:
    """Why it is treated so: what rules said; and what holds it back, or why it is as urgent as it is."""
    about = hold.reason if hold else to.usual
    return f"{to.why} {about}" if to.why and about else to.why or about
