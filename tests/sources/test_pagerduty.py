"""PagerDuty Events v2: what is read, and what PagerDuty would say about what is not."""

import json

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Image, Link, Severity
from tocsin.sources import pagerduty
from tocsin.sources.contract import Unreadable

# what Debian's Alertmanager sends
FROM_ALERTMANAGER = {
    "routing_key": "0123456789abcdef0123456789abcdef",
    "dedup_key": "fbf1b6e2ad1b8f1d5b0ef2f0a0c84f9e8ab4c52eb0a2a6cf7b4a1b1ac2a6b1d2",
    "event_action": "trigger",
    "payload": {
        "summary": "[FIRING:1] TargetDown (127.0.0.1:9999 node critical)",
        "source": "Alertmanager",
        "severity": "critical",
        "timestamp": "2026-03-04T11:58:00Z",
        "class": "availability",
        "component": "node",
        "group": "backend",
        "custom_details": {"firing": "Labels:\n - alertname = TargetDown", "num_firing": "1", "resolved": ""},
    },
    "client": "Alertmanager",
    "client_url": "http://alertmanager:9093/#/alerts?receiver=tocsin",
    "links": [{"href": "https://wiki/TargetDown", "text": "Runbook"}],
    "images": [{"src": "https://grafana/p.png", "href": "javascript:alert(1)", "alt": "Latency"}],
}


def parse(message: object) -> object:
    (signal,) = pagerduty.parse(json.dumps(message).encode(), {}, NOON)
    return signal


def changed(**changes: object) -> dict[str, object]:
    return {**FROM_ALERTMANAGER, **changes}


def payload(**changes: object) -> dict[str, object]:
    return changed(payload={**FROM_ALERTMANAGER["payload"], **changes})  # type: ignore[dict-item]


def test_a_trigger_brings_everything_a_responder_needs() -> None:
    signal = parse(FROM_ALERTMANAGER)
    assert signal.action is Action.TRIGGER
    assert signal.dedup_key == FROM_ALERTMANAGER["dedup_key"]
    assert signal.summary == "[FIRING:1] TargetDown (127.0.0.1:9999 node critical)"
    assert signal.severity is Severity.CRITICAL
    assert (signal.source, signal.component) == ("Alertmanager", "node")
    assert signal.details["num_firing"] == "1"
    assert signal.details["class"] == "availability"
    assert signal.links == (
        Link(href="https://wiki/TargetDown", text="Runbook"),
        Link(href="http://alertmanager:9093/#/alerts?receiver=tocsin", text="Alertmanager"),
    )
    assert signal.images == (Image(src="https://grafana/p.png", href="", alt="Latency"),)


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_acknowledge_and_resolve_need_no_payload(action: str) -> None:
    signal = parse({"event_action": action, "dedup_key": "k"})
    assert (signal.action, signal.dedup_key) == (action, "k")


@pytest.mark.parametrize(
    "message",
    [
        payload(summary="x" * 2000),  # cut, never refused: what is wrong is in the first words
        payload(timestamp="2026-03-04T12:00:00+00:00Z"),  # some clients write both
        payload(timestamp=1_772_000_000),
        payload(custom_details="a text"),
        payload(custom_details=["a", "list"]),
        payload(custom_details=None, component=None, group=None),
        changed(links=None, images=None, client=None),
        changed(links=[{}], images=[{}]),
        changed(of_another_version={"x": 1}),
        payload(component=5, group=["a"]) | {"client": 7, "client_url": False},
        payload(**{"class": 404}),
        changed(links={"href": "https://x"}, images="https://x"),
        changed(links=[None, "https://x", {"href": 5}], images=[7, {"src": {}}]),
    ],
    ids=range(13),
)
def test_what_is_odd_but_clear_is_taken(message: object) -> None:
    signal = parse(message)
    assert signal.summary
    assert len(signal.summary) <= 1024
    assert isinstance(signal.details, dict)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (changed(event_action=None), "'event_action' is missing or blank"),
        (changed(event_action="page"), "'event_action' is invalid"),
        (changed(payload=None), "'payload' is missing or blank"),
        (payload(summary=" "), "'payload.summary' is missing or blank"),
        (payload(source=None), "'payload.source' is missing or blank"),
        (payload(severity=None), "'payload.severity' is missing or blank"),
        (payload(severity="bad"), "'payload.severity' is invalid"),
        (changed(dedup_key="k" * 256), "Length of 'dedup_key' is incorrect"),
        ({"event_action": "resolve"}, "'dedup_key' is missing or blank"),
        (payload(summary=7), "Expected `str | null`, got `int` - at `$.payload.summary`"),
        ([1], "Expected `object`, got `array`"),
    ],
    ids=range(11),
)
def test_what_is_wrong_is_named(message: object, error: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(message)
    assert error in str(caught.value)


def test_every_error_is_named_at_once() -> None:
    with pytest.raises(pagerduty.Invalid) as caught:
        pagerduty.read(b'{"event_action": "trigger", "payload": {}}')
    assert caught.value.errors == [
        f"'payload.{name}' is missing or blank" for name in ("summary", "source", "severity")
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"a":"\xff"}', b"[" * 100_000], ids=range(5))
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        pagerduty.parse(body, {}, NOON)
