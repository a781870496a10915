"""`python -m tests.crash.told FILE`: what Tocsin tells of the alerts by their dedup keys, as JSON. See `Told`.

FILE has the receipts of events as JSON, each with its key; `!` before the key: it may have come twice, and then the
second found nothing open. Runs beside a server, in its environment.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tocsin.config import django_setup

django_setup.setup()

from tocsin.alerts.models import Alert, Entry, Event, Outcome  # noqa: E402 - Django has to be set up first
from tocsin.paging.models import Escalation, Notification  # noqa: E402


@dataclass(kw_only=True)
class Opening:
    """One alert, and its group, which has no other."""

    state: str
    group: str
    counted: int  # events, by the alert
    outcomes: int  # events, by their receipts
    entries: dict[str, int] = field(default_factory=dict)  # lines of the history, by kind
    pages: int = 0  # that were made: a person's methods are one
    escalations: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Told:
    openings: dict[str, list[Opening]]
    nothing_open: dict[str, int]  # events that found nothing
    wrong_receipts: list[str]
    repeated_signals: int  # an event has its outcomes once


def tell(receipts: Mapping[str, str]) -> Told:
    nothing = Counter(Outcome.objects.filter(alert=None).values_list("dedup_key", flat=True))
    return Told(
        openings=_openings(),
        nothing_open=dict(nothing),
        wrong_receipts=_wrong(receipts),
        repeated_signals=Outcome.objects.count() - Outcome.objects.values("event_id", "position").distinct().count(),
    )


def _openings() -> dict[str, list[Opening]]:
    outcomes = Counter(Outcome.objects.values_list("alert_id", flat=True))
    entries = _entries()
    pages = _pages()
    escalations = defaultdict[int, list[str]](list)
    for group, status in Escalation.objects.order_by("pk").values_list("group_id", "status"):
        escalations[group or 0].append(status)
    found = defaultdict[str, list[Opening]](list)
    for alert in Alert.objects.select_related("group").order_by("pk"):
        group = alert.group_id
        told = {"state": alert.state, "group": alert.group.state, "counted": alert.event_count}
        known = {"entries": dict(entries[group]), "pages": pages[group], "escalations": escalations[group]}
        found[alert.dedup_key].append(Opening(**told, **known, outcomes=outcomes[alert.pk]))
    return dict(found)


def _entries() -> defaultdict[int, Counter[str]]:
    found = defaultdict[int, Counter[str]](Counter)
    for group, kind in Entry.objects.values_list("group_id", "kind"):
        found[group][kind] += 1
    return found


def _pages() -> Counter[int]:
    made = Notification.objects.values_list("escalation__group_id", "escalation_id", "round", "step")
    return Counter(group for group, *_ in set(made))


def _wrong(receipts: Mapping[str, str]) -> list[str]:
    """Events that are in no alert of their key."""
    named = ("receipt", "outcomes__dedup_key", "outcomes__reason", "outcomes__alert__dedup_key")
    rows = Event.objects.filter(receipt__in=receipts).values_list(*named)
    there = {str(receipt): rest for receipt, *rest in rows}
    found = []
    for receipt, key in receipts.items():
        outcome, reason, alert = there.get(receipt, ("", "unknown", ""))
        if not outcome == alert == key.lstrip("!") and not (key.startswith("!") and reason == "nothing open"):
            found.append(f"{receipt} of {key}: {reason}")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(tell(json.loads(Path(sys.argv[1]).read_text())))))
