"""Whatever comes, in whatever batches: the same is made of it, and what is made of it is legal."""

from collections import Counter
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apps.hearing import NOON, Source, make_integration, make_service, minutes
from tocsin.alerts import actions
from tocsin.alerts.models import Alert, AlertGroup, Quarantine
from tocsin.core.lifecycle import group_state
from tocsin.core.permissions import TOCSIN
from tocsin.core.signals import Severity, urgency_of

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Said:
    verb: str
    key: str
    severity: str
    minute: int


SAID = st.builds(
    Said,
    st.sampled_from(["triggers", "triggers", "triggers", "acknowledges", "resolves"]),
    st.sampled_from(["cpu", "disk", "net"]),
    st.sampled_from([s.value for s in Severity]),
    st.integers(0, 20),
)
MESSAGES = st.lists(SAID, min_size=1, max_size=14)


class Undone(Exception):
    """Takes everything back, so that the next example begins with nothing."""


def told(messages: list[Said], limit: int, window: int) -> tuple[object, ...]:
    """What became of it, with the batches cut at `limit`."""
    result: tuple[object, ...] = ()
    try:
        with transaction.atomic():
            tool = Source(make_integration(make_service(group_minutes=window)))
            for said in sorted(messages, key=lambda s: s.minute):
                at = NOON + minutes(said.minute)
                extra = {"severity": said.severity} if said.verb == "triggers" else {}
                getattr(tool, said.verb)(said.key, at=at, **extra)
            while tool.absorbed(limit=limit).events:
                check()
            result = (tool.reasons(), tool.changes, *seen())
            raise Undone
    except Undone:
        return result


ALERT = ("dedup_key", "state", "severity", "event_count", "opened_at", "last_event_at", "resolved_at", "group__title")
GROUP = ("title", "state", "severity", "urgency", "alert_count", "event_count", "version", "acknowledged_at")


def seen() -> tuple[object, ...]:
    return (
        list(Alert.objects.order_by("id").values_list(*ALERT)),
        list(AlertGroup.objects.order_by("id").values_list(*GROUP)),
    )


def check() -> None:
    for group in AlertGroup.objects.prefetch_related("alerts"):
        alerts = list(group.alerts.all())
        states = Counter(a.state for a in alerts)
        assert group.state == group_state(states["triggered"], states["acknowledged"])
        assert group.alert_count == len(alerts)
        assert group.event_count == sum(a.event_count for a in alerts)
        assert group.urgency == urgency_of(Severity(group.severity))
        assert (group.resolved_at is not None) == (group.state == "resolved")
        assert (group.acknowledged_at is not None) or group.state != "acknowledged"
        assert all((a.resolved_at is not None) == (a.state == "resolved") for a in alerts)
        worst = max(Severity(a.severity).rank for a in alerts)
        assert Severity(group.severity).rank >= worst
    assert not Quarantine.objects.exists()


@settings(max_examples=12)
@given(messages=MESSAGES, limit=st.integers(2, 14), window=st.sampled_from([0, 5, 60]))
def test_batches_of_any_size_come_to_the_same(messages: list[Said], limit: int, window: int) -> None:
    assert told(messages, limit, window) == told(messages, 1, window)


@settings(max_examples=10)
@given(turns=st.lists(st.one_of(SAID, st.sampled_from(["acknowledge", "untake", "resolve"])), min_size=2, max_size=12))
def test_people_and_sources_together_never_make_an_illegal_state(turns: list[Said | str]) -> None:
    marks = {
        "acknowledge": actions.mark_acknowledged,
        "untake": actions.mark_triggered,
        "resolve": actions.mark_resolved,
    }
    try:
        with transaction.atomic():
            tool = Source(make_integration(make_service(group_minutes=60)))
            for turn in turns:
                if isinstance(turn, str):
                    for group in AlertGroup.objects.all():
                        marks[turn](group.pk, TOCSIN, NOON)
                else:
                    getattr(tool, turn.verb)(turn.key, *([turn.severity] if turn.verb == "triggers" else []))
                    tool.absorbed()
                check()
            raise Undone
    except Undone:
        pass
