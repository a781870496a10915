"""Better Stack: incidents that start, are acknowledged and end."""

import json

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import betterstack
from tocsin.sources.contract import Unreadable

SAMPLE = json.loads(betterstack.SAMPLE)
ATTRIBUTES = SAMPLE["data"]["attributes"]


def parse(event: object, **changes: object) -> list[Signal]:
    data = {**SAMPLE["data"], "attributes": {**ATTRIBUTES, **changes}}
    return betterstack.parse(json.dumps({"event": event, "data": data}).encode(), {}, NOON)


def test_an_incident_that_started() -> None:
    (signal,) = parse("started")
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.TRIGGER, "incident-25", Severity.CRITICAL)
    assert signal.summary == "shop.example.org homepage: Status 500"
    assert signal.source == "https://shop.example.org/"
    assert signal.images[0].src == ATTRIBUTES["screenshot_url"]
    assert signal.details["response_content"] == "Internal Server Error"


@pytest.mark.parametrize(
    ("event", "changes", "action"),
    [
        ("acknowledged", {}, Action.ACKNOWLEDGE),
        ("resolved", {}, Action.RESOLVE),
        ("flurb", {}, Action.TRIGGER),  # unknown: pages
        (None, {}, Action.TRIGGER),
        (None, {"acknowledged_at": "2026-03-04T12:00:00Z"}, Action.ACKNOWLEDGE),
        (None, {"acknowledged_at": "x", "resolved_at": "2026-03-04T12:00:00Z"}, Action.RESOLVE),
    ],
    ids=range(6),
)
def test_events(event: object, changes: dict[str, object], action: Action) -> None:
    (signal,) = parse(event, **changes)
    assert (signal.action, signal.dedup_key) == (action, "incident-25")


def test_changes_of_monitors_are_no_news_of_an_alert() -> None:
    data = {"id": "1", "type": "monitor", "attributes": {"url": "https://shop.example.org"}}
    assert betterstack.parse(json.dumps({"event": "paused", "data": data}).encode(), {}, NOON) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": []}', b'{"event": "started", "data": {"type": "incident"}}'], ids=range(5)
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        betterstack.parse(body, {}, NOON)
