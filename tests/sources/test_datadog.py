"""Datadog, by the payload that we ship."""

import json
import re

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import datadog
from tocsin.sources.contract import Unreadable

SAMPLE = json.loads(datadog.SAMPLE)


def one(**changes: object) -> Signal:
    (signal,) = datadog.parse(json.dumps({**SAMPLE, **changes}).encode(), {}, NOON)
    return signal


def test_a_monitor_that_triggers() -> None:
    signal = one()
    assert (signal.action, signal.dedup_key) == (Action.TRIGGER, "5830184730118493713")
    assert (signal.summary, signal.severity) == ("Disk is almost full", Severity.CRITICAL)
    assert (signal.source, signal.component) == ("db1", "orders")
    assert [link.text for link in signal.links] == ["Event in Datadog", "Graph"]
    assert signal.images[0].src == "https://p.datadoghq.com/snapshot/view/abc.png"
    assert signal.details["query"] == SAMPLE["query"]


@pytest.mark.parametrize(
    ("changes", "action", "severity"),
    [
        ({"transition": "Re-Triggered"}, Action.TRIGGER, Severity.CRITICAL),
        ({"transition": "Renotify", "priority": "P2"}, Action.TRIGGER, Severity.ERROR),
        ({"transition": "No Data", "priority": "$ALERT_PRIORITY"}, Action.TRIGGER, Severity.ERROR),  # none was given
        ({"transition": "Warn"}, Action.TRIGGER, Severity.WARNING),  # even of a P1
        ({"transition": "Re-Warn", "priority": None}, Action.TRIGGER, Severity.WARNING),
        ({"priority": "P4"}, Action.TRIGGER, Severity.WARNING),  # low is not nothing
        ({"priority": "P5"}, Action.TRIGGER, Severity.INFO),
        ({"transition": "Flurb", "priority": "P9"}, Action.TRIGGER, Severity.ERROR),  # unknown: pages
        ({"transition": "Recovered", "type": "success"}, Action.RESOLVE, Severity.ERROR),
        ({"transition": "", "type": "success"}, Action.RESOLVE, Severity.ERROR),
        ({"transition": "null", "type": "error"}, Action.TRIGGER, Severity.CRITICAL),
    ],
    ids=range(11),
)
def test_transitions(changes: dict[str, object], action: Action, severity: Severity) -> None:
    signal = one(**changes)
    assert (signal.action, signal.severity, signal.dedup_key) == (action, severity, SAMPLE["alert_cycle_key"])


def test_without_the_cycle_the_monitor_and_its_scope_are_the_key() -> None:
    assert one(alert_cycle_key="$ALERT_CYCLE_KEY").dedup_key == "monitor-1234-host:db1"


def test_another_payload_pages_too_and_its_title_is_the_key() -> None:
    """Datadog's own, when ours was not pasted."""
    sent = {"id": "1", "body": "%%%\n%%%", "title": "[Triggered] Disk", "date": "1", "event_type": "x"}
    over = {**sent, "title": "[Recovered] Disk", "alert_transition": "Recovered"}
    (signal,), (resolved,) = (datadog.parse(json.dumps(s).encode(), {}, NOON) for s in (sent, over))
    assert (signal.action, signal.summary) == (Action.TRIGGER, "Disk")
    assert (resolved.action, resolved.dedup_key) == (Action.RESOLVE, signal.dedup_key)


def test_the_payload_to_paste_is_json_of_known_fields_and_is_in_the_setup() -> None:
    payload = json.loads(datadog.PAYLOAD)
    assert payload.keys() == SAMPLE.keys()
    assert all(re.fullmatch(r"\$[A-Z_]+", value) for value in payload.values())
    assert datadog.PAYLOAD in datadog.SOURCE.setup


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"payload=%7B%7D"], ids=range(4))
def test_what_is_no_payload_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        datadog.parse(body, {}, NOON)
