"""Uptime Kuma: heartbeats, and notices without one."""

import json

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import uptimekuma
from tocsin.sources.contract import Unreadable

SAMPLE = json.loads(uptimekuma.SAMPLE)


def parse(**changes: object) -> list[Signal]:
    return uptimekuma.parse(json.dumps({**SAMPLE, **changes}).encode(), {}, NOON)


def beat(status: object) -> dict[str, object]:
    return {**SAMPLE["heartbeat"], "status": status}


def test_a_monitor_that_is_down() -> None:
    (signal,) = parse()
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.TRIGGER, "monitor-7", Severity.CRITICAL)
    assert signal.summary == "Shop is down: timeout of 48000ms exceeded"
    assert (signal.source, signal.component) == ("https://shop.example.org", "Shop")
    assert signal.links[0].href == "https://shop.example.org"
    assert signal.details["type"] == "http"


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        (0, [Action.TRIGGER]),
        (1, [Action.RESOLVE]),
        (2, []),  # pending
        (3, []),  # maintenance
        ("flurb", [Action.TRIGGER]),  # unknown: pages
        (None, [Action.TRIGGER]),
    ],
    ids=range(6),
)
def test_states(status: object, actions: list[Action]) -> None:
    assert [signal.action for signal in parse(heartbeat=beat(status))] == actions


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        (
            "[Shop][https://shop.example.org] Server certificate shop.example.org will expire in 7 days",
            Severity.WARNING,
        ),
        ("Tocsin Testing", Severity.INFO),  # the test button
    ],
    ids=range(2),
)
def test_notices_come_without_heartbeat_and_monitor(said: str, severity: Severity) -> None:
    (signal,) = parse(heartbeat=None, monitor=None, msg=said)
    assert (signal.action, signal.summary, signal.severity) == (Action.TRIGGER, said, severity)


def test_a_certificate_that_is_told_of_every_few_days_is_one_alert() -> None:
    said = "[Shop][https://shop.example.org] self-signed certificate shop.example.org will be expired in {} days"
    keys = {parse(heartbeat=None, monitor=None, msg=said.format(days))[0].dedup_key for days in (21, 14, 7)}
    other = parse(heartbeat=None, monitor=None, msg=said.format(7).replace("shop", "pay"))[0].dedup_key
    assert len(keys) == 1
    assert other not in keys


def test_a_heartbeat_without_its_monitor_is_still_its_monitors() -> None:
    (signal,) = parse(monitor=None)
    assert (signal.dedup_key, signal.summary) == ("monitor-7", SAMPLE["msg"])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"heartbeat": null, "msg": ""}', b'{"heartbeat": {"status": 0}}'], ids=range(5)
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        uptimekuma.parse(body, {}, NOON)
