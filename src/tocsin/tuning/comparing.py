"""What is different between two replays of the same messages, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.holds import HoldKind, clock
from tocsin.core.receipts import Reason
from tocsin.core.signals import Urgency
from tocsin.core.urgency import in_words
from tocsin.tuning.replaying import Place, Replayed, Tale

_HELD = {
    HoldKind.SILENCE: "would be silenced",
    HoldKind.MAINTENANCE: "would be in maintenance",
    HoldKind.INHIBITION: "would be inhibited",
    HoldKind.PAUSE: "would wait before it pages",
    HoldKind.FLAPPING: "would only be counted while it flaps",
    HoldKind.SETTLING: "would wait for a storm",
    HoldKind.STORM: "would be part of a storm",
}


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What came of the messages."""

    alerts: int = 0  # opened
    groups: int = 0  # opened
    held: int = 0  # alerts that were held back for a time, or for good
    pages: int = 0  # how often paging began


@dataclass(frozen=True, kw_only=True)
class Difference:
    event: int
    at: datetime
    summary: str
    words: tuple[str, ...]  # what would be different about it
    before: str  # what became of it and why, in sentences; empty: it would not have been an alert of its own
    after: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """Of services and policies, by their ids."""

    services: Mapping[int, str]
    policies: Mapping[int, str]


def tally(run: Replayed) -> Tally:
    held = sum(bool(tale.holds) for tale in run.tales.values())
    return Tally(alerts=len(run.tales), groups=run.groups, held=held, pages=run.pages)


def differences(before: Replayed, after: Replayed, names: Names) -> list[Difference]:
    """In the order in which the alerts came."""
    found = []
    for place in sorted(before.tales.keys() | after.tales.keys()):
        was, tale = before.tales.get(place), after.tales.get(place)
        if words := _words(was, tale, names):
            found.append(_difference(place, was, tale, words))
    return found


def counted(found: Sequence[Difference]) -> dict[str, int]:
    """Words → how many alerts, the most first."""
    return dict(Counter(word for difference in found for word in difference.words).most_common())


def _difference(place: Place, was: Tale | None, tale: Tale | None, words: tuple[str, ...]) -> Difference:
    row = (tale or was).row  # type: ignore[union-attr]  # one of them is there
    return Difference(
        event=place[0], at=row.opened_at, summary=row.summary, words=words, before=_told(was), after=_told(tale)
    )


def _words(was: Tale | None, tale: Tale | None, names: Names) -> tuple[str, ...]:
    if was is None:
        return ("would be a new alert",)
    if tale is None:
        return ("would belong to an alert that is open already",)
    return tuple(filter(None, (*_holds(was, tale), _grouped(was, tale), _goes(was, tale, names),
                               _policy(was, tale, names), _urgency(was, tale))))  # fmt: skip


def _holds(was: Tale, tale: Tale) -> list[str]:
    never = was.row.urgency == tale.row.urgency == Urgency.NONE  # what waits before it pages does not page at all
    new = [kind for kind in _kinds(tale) if kind not in _kinds(was) and (kind.is_suppression or not never)]
    said = [_HELD[kind] for kind in new]
    if not new and tale.pages_from and (was.pages_from is None or (was.holds and not tale.holds)):
        return ["would page"]
    if was.pages_from and tale.pages_from is None and tale.row.resolved_at and not any(k.is_suppression for k in new):
        return [*said, "would not page"] if new else []
    is_later = was.pages_from and tale.pages_from and tale.pages_from > was.pages_from
    return [*said, "would page later"] if is_later else said


def _kinds(tale: Tale) -> list[HoldKind]:
    """One that opens in the group of a storm is part of it, too, and held back by nothing."""
    joined = [HoldKind.STORM] if tale.opening.reason == Reason.IN_STORM else []
    return [*joined, *map(HoldKind, tale.holds)]


def _grouped(was: Tale, tale: Tale) -> str:
    if was.opened_group == tale.opened_group or HoldKind.STORM in (*_kinds(was), *_kinds(tale)):
        return ""
    return "would open a group" if tale.opened_group else "would join an open group"


def _goes(was: Tale, tale: Tale, names: Names) -> str:
    service = tale.row.group.service_id
    if was.row.group.service_id == service:
        return ""
    return f"would go to {names.services.get(service, 'another service')}"


def _policy(was: Tale, tale: Tale, names: Names) -> str:
    policy = tale.row.group.policy_id
    if was.row.group.policy_id == policy:
        return ""
    return f"would page by {names.policies.get(policy or 0, 'its service’s own policy')}"


def _urgency(was: Tale, tale: Tale) -> str:
    return "" if was.row.urgency == tale.row.urgency else f"would have {in_words(Urgency(tale.row.urgency))}"


def _told(tale: Tale | None) -> str:
    if tale is None:
        return ""
    later = [reason for reason in tale.holds.values() if reason not in tale.opening.why]
    return " ".join(filter(None, (Reason(tale.opening.reason).sentence, tale.opening.why, *later, _paged(tale))))


def _paged(tale: Tale) -> str:
    if not tale.holds:
        return ""
    if tale.pages_from is None:
        return "It is resolved before it pages." if tale.row.resolved_at else "It is held back to the end."
    return f"It pages from {clock(tale.pages_from)} on." if tale.pages_from > tale.row.opened_at else ""
