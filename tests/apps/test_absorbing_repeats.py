"""What is said twice in one batch is parsed and decided once, and comes to the same as if each had been looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest.mock import Mock, patch

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apps.hearing import NOON, Source, make_integration, make_service, minutes
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.models import Alert, AlertGroup, Entry, Flap, Outcome, Weather
from tocsin.core.permissions import TOCSIN
from tocsin.core.signals import Signal
from tocsin.rules import rulebook, silences
from tocsin.sources.registry import SOURCES

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Said:
    verb: str
    key: str
    severity: str
    times: int
    minute: int


SAID = st.builds(
    Said,
    st.sampled_from(["triggers", "triggers", "triggers", "acknowledges", "resolves"]),
    st.sampled_from(["cpu", "disk", "net", "web", "mail"]),
    st.sampled_from(["critical", "warning"]),
    st.integers(1, 4),
    st.integers(0, 30),
)
SERVICE = st.fixed_dictionaries(
    {
        "group_minutes": st.sampled_from([0, 10]),
        "pause_minutes": st.sampled_from([0, 3]),
        "resolve_minutes": st.sampled_from([0, 15]),
        "storm_threshold": st.sampled_from([0, 2]),
        "calms_flapping": st.booleans(),
    }
)
ALERT = (
    "dedup_key", "state", "severity", "summary", "event_count", "opened_at", "last_event_at", "resolved_at", "ends_at",
    "urgency", "held", "held_reason", "held_until", "review_at", "group__title",
)  # fmt: skip
GROUP = (
    "title", "state", "severity", "urgency", "held", "alert_count", "event_count", "version", "opened_at",
    "last_event_at", "acknowledged_at", "resolved_at",
)  # fmt: skip


class Undone(Exception):
    """Takes everything back, so that the next example begins with nothing."""


@contextmanager
def one_by_one() -> Iterator[None]:
    """No signal is the very one that was heard before: each is decided by itself."""
    hear = Ledger.hear

    def hear_anew(self: Ledger, *about: object) -> None:
        *before, signal = about
        assert isinstance(signal, Signal)
        hear(self, *before, replace(signal))  # type: ignore[arg-type]

    with patch.object(Ledger, "hear", hear_anew):
        yield


def told(messages: list[Said], limit: int, service: dict[str, int], *, is_silenced: bool) -> tuple[object, ...]:
    result: tuple[object, ...] = ()
    try:
        with transaction.atomic():
            tool = Source(make_integration(make_service(**service)))  # type: ignore[arg-type]
            if is_silenced:
                silences.create_silence(TOCSIN, 'severity="warning"', NOON, NOON + minutes(20), "Moving.", NOON)
            for said in sorted(messages, key=lambda s: s.minute):
                extra = {"severity": said.severity} if said.verb == "triggers" else {}
                for second in range(said.times):
                    getattr(tool, said.verb)(said.key, at=NOON + minutes(said.minute + second / 60), **extra)
            while tool.absorbed(limit=limit).events:
                pass
            result = seen(tool)
            raise Undone
    except Undone:
        return result


def seen(tool: Source) -> tuple[object, ...]:
    """Rows as they are, without their ids, which begin anew in no example."""
    return (
        tool.changes,
        list(Alert.objects.order_by("id").values_list(*ALERT)),
        list(AlertGroup.objects.order_by("id").values_list(*GROUP)),
        list(Entry.objects.order_by("id").values_list("at", "kind", "text", "via", "group__title")),
        list(
            Outcome.objects.order_by("event_id", "position").values_list(
                "position", "dedup_key", "action", "reason", "why", "at", "alert__dedup_key", "alert__opened_at"
            )
        ),
        list(Flap.objects.order_by("dedup_key").values_list("dedup_key", "changes", "count", "since", "is_paged")),
        list(Weather.objects.values_list("recent", "count", "since", "first", "ends_at")),
    )


@settings(max_examples=25)
@given(
    messages=st.lists(SAID, min_size=1, max_size=12),
    limit=st.integers(3, 50),
    service=SERVICE,
    is_silenced=st.booleans(),
)
def test_folded_repeats_come_to_the_same(
    messages: list[Said], limit: int, service: dict[str, int], is_silenced: bool
) -> None:  # fmt: skip
    folded = told(messages, limit, service, is_silenced=is_silenced)
    with one_by_one():
        assert folded == told(messages, limit, service, is_silenced=is_silenced)


def test_what_is_alike_to_the_byte_is_parsed_once_in_a_batch() -> None:
    tool = Source(make_integration(make_service("search")))
    for _ in range(50):
        tool.triggers("disk")
    parse = Mock(wraps=SOURCES["pagerduty"].parse)
    with patch.dict(SOURCES, {"pagerduty": replace(SOURCES["pagerduty"], parse=parse)}):
        assert tool.absorbed().events == 50
    assert parse.call_count == 1
    assert tool.reasons() == ["opened"] + ["deduplicated"] * 49


def test_rules_are_made_ready_once_for_all_events_until_one_changes() -> None:
    tool = Source(make_integration(make_service("search")))
    made = Mock(wraps=rulebook.load)
    with patch.object(rulebook, "load", made):
        for edition in (1, 2):
            silences.create_silence(TOCSIN, 'severity="warning"', NOON, NOON + minutes(20), "Moving.", NOON)
            for number in range(30):
                tool.triggers(f"disk {edition} {number}", "warning")
            for _ in range(3):
                assert tool.absorbed(limit=10).events == 10
            assert made.call_count == edition
    assert set(tool.reasons()) == {"silenced"}


def test_an_alert_that_resolves_in_silence_lives_on_with_each_repeat() -> None:
    tool = Source(make_integration(make_service("search", resolve_minutes=10)))
    for minute in (0, 3, 6):
        tool.triggers("disk", at=NOON + minutes(minute))
    tool.absorbed()
    assert Alert.objects.get().ends_at == NOON + minutes(16)
