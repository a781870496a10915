"""What the clockwork will do with an escalation if nobody does anything: its own decisions, taken ahead."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.core import escalation as core
from tocsin.core.escalation import Reason, Status
from tocsin.paging import reaching, rows, running
from tocsin.paging.models import Escalation


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    people: tuple[int, ...]  # who is paged then; empty: nobody
    why: str
    step: int | None  # from 0; none: the catch-all


def foreseen(row: Escalation, at: datetime) -> Foreseen:
    """`at`: when it is due, or now where that is past. The row, with its group, is of the caller's own: it is changed,
    and must not be saved."""
    snapshot, urgency = rows.policies_of([row])[row.pk], rows.urgency_of(row)
    if row.status == Status.ACKNOWLEDGED:
        rows.put_state(row, core.time_out(snapshot, rows.state_of(row), at), at)
    reach = reaching.ahead(snapshot, urgency, at)
    around = running.circumstances([row], {row.pk: snapshot}, reach, at)
    decision = running.decided(row, snapshot, {urgency: reach.found(urgency)}, around[row.pk], at).decision
    if decision.page is None:
        held = decision.reason is Reason.HELD
        why = "it waits until somebody is on call" if held else "Tocsin tries again every minute"
        return Foreseen(people=(), why=why, step=row.step if held else None)
    page = decision.page
    reached = [found for target in page.targets if (found := reach.people[target]).people]
    why = "; ".join(dict.fromkeys(found.why for found in reached))
    return Foreseen(people=page.people, why=why, step=page.step if page.step < len(snapshot.steps) else None)
