"""What Prometheus sends when it takes us for an Alertmanager."""

import json
from datetime import datetime, timedelta

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Signal
from tocsin.sources import alertmanager
from tocsin.sources.contract import Unreadable

ALERT = {
    "annotations": {"summary": "shop is down"},
    "startsAt": "2026-03-04T11:58:00.123456789Z",
    "endsAt": "2026-03-04T12:04:00.123456789Z",
    "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
    "labels": {"alertname": "Down", "instance": "shop:80", "severity": "critical"},
}


def parse(*alerts: object) -> list[Signal]:
    return alertmanager.parse(json.dumps(alerts).encode(), {}, NOON)


def one(**changes: object) -> Signal:
    (signal,) = parse({**ALERT, **changes})
    return signal


def test_what_fires_ends_when_nothing_more_is_said_of_it() -> None:
    signal = one()
    assert (signal.action, signal.summary) == (Action.TRIGGER, "shop is down")
    assert signal.ends_at == datetime.fromisoformat("2026-03-04T12:04:00.123456+00:00")
    assert [link.text for link in signal.links] == ["Query in Prometheus"]


@pytest.mark.parametrize(
    ("ends", "action", "after"),
    [
        (None, Action.TRIGGER, timedelta(minutes=5)),
        ("", Action.TRIGGER, timedelta(minutes=5)),
        ("0001-01-01T00:00:00Z", Action.TRIGGER, timedelta(minutes=5)),  # Go's no time
        ("2026-03-04T12:01:00", Action.TRIGGER, timedelta(minutes=1)),  # without a zone
        ("2026-03-04T12:01:00+00:00Z", Action.TRIGGER, timedelta(minutes=1)),  # with two
        ("2026-03-04T14:01:00+02:00", Action.TRIGGER, timedelta(minutes=1)),
        ("2026-03-04T12:00:00Z", Action.RESOLVE, None),
        ("2026-03-04T11:59:00Z", Action.RESOLVE, None),
    ],
    ids=range(8),
)
def test_when_an_alert_ends(ends: object, action: Action, after: timedelta | None) -> None:
    signal = one(endsAt=ends)
    assert (signal.action, signal.ends_at) == (action, None if after is None else NOON + after)


def test_labels_are_the_key_and_empty_ones_are_none() -> None:
    labels = ALERT["labels"]
    assert one(labels={**labels, "zone": ""}).dedup_key == one().dedup_key  # type: ignore[dict-item]
    assert one(endsAt="2026-03-04T11:59:00Z").dedup_key == one().dedup_key
    assert one(labels={**labels, "zone": "b"}).dedup_key != one().dedup_key  # type: ignore[dict-item]


BAD = (
    {"labels": {}},
    {"labels": {"alertname": ""}},
    {"startsAt": "yesterday"},
    {"endsAt": "0002-01-01T00:00:00+23:00", "startsAt": None, "labels": {}},
    {"startsAt": "2026-03-04T12:10:00Z"},  # after its end
)


@pytest.mark.parametrize("bad", BAD, ids=range(5))
def test_of_a_mixed_batch_the_good_are_kept(bad: dict[str, object]) -> None:
    sifted = alertmanager.sift(json.dumps([{**ALERT, **bad}, ALERT]).encode())
    assert (sifted.count, len(sifted.errors)) == (1, 1)
    assert alertmanager.parse(sifted.good, {}, NOON) == parse(ALERT)


def test_a_good_batch_is_stored_as_it_came() -> None:
    body = json.dumps([ALERT, ALERT], indent=1).encode()
    assert alertmanager.sift(body) == alertmanager.Sifted(good=body, count=2, errors=())


@pytest.mark.parametrize(
    "body", [b"", b"[", b"{}", b"[7]", b'[{"labels": 7}]', b'[{"labels": {"a": 1}}]'], ids=range(6)
)
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        alertmanager.sift(body)
