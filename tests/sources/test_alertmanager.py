"""Alertmanager's webhook, version 4, and Grafana's, which has the same shape."""

import json
from datetime import timedelta

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import alertmanager
from tocsin.sources.contract import Unreadable

ALERT = {
    "status": "firing",
    "labels": {"alertname": "TargetDown", "instance": "127.0.0.1:9999", "job": "shop", "severity": "critical"},
    "annotations": {
        "summary": "shop is down",
        "runbook_url": "https://wiki/TargetDown",
        "dashboard_url": "javascript:1",
    },
    "startsAt": "2026-03-04T11:58:00.123Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
    "fingerprint": "c5f0d9c3a7b1e2d4",
}
WEBHOOK = {
    "receiver": "tocsin",
    "status": "firing",
    "alerts": [ALERT],
    "groupLabels": {"alertname": "TargetDown"},
    "commonLabels": ALERT["labels"],
    "commonAnnotations": ALERT["annotations"],
    "externalURL": "http://alertmanager:9093",
    "version": "4",
    "groupKey": '{}:{alertname="TargetDown"}',
    "truncatedAlerts": 0,
    "notification_reason": "new",
}


def parse(**changes: object) -> list[Signal]:
    return alertmanager.parse(json.dumps({**WEBHOOK, **changes}).encode(), {}, NOON)


def alert(**changes: object) -> Signal:
    (signal,) = parse(alerts=[{**ALERT, **changes}])
    return signal


@pytest.mark.parametrize(
    ("said", "summaries"),
    [
        (12, ["12 alerts were left out by max_alerts of the receiver “tocsin”: what they say is unknown here"]),
        (1, ["1 alert was left out by max_alerts of the receiver “tocsin”: what they say is unknown here"]),
        (0, []),
        (None, []),
        ("12", []),
    ],
)
def test_what_alertmanager_left_out_is_a_warning_of_its_own(said: object, summaries: list[str]) -> None:
    _, *more = parse(truncatedAlerts=said)
    assert [(signal.summary, signal.severity) for signal in more] == [(text, Severity.WARNING) for text in summaries]
    assert all(signal.dedup_key == "left out tocsin" for signal in more)
    assert all(signal.ends_at == NOON + timedelta(hours=6) for signal in more)
    assert alertmanager.SOURCE.is_timeless(json.dumps({**WEBHOOK, "truncatedAlerts": said}).encode()) is (
        said in (0, None)
    )


def test_a_firing_alert_brings_labels_annotations_and_links() -> None:
    (signal,) = parse()
    assert (signal.action, signal.dedup_key) == (Action.TRIGGER, "c5f0d9c3a7b1e2d4")
    assert (signal.summary, signal.severity) == ("shop is down", Severity.CRITICAL)
    assert (signal.source, signal.component) == ("127.0.0.1:9999", "shop")
    assert [link.text for link in signal.links] == ["Runbook", "Query in Prometheus", "Alertmanager"]
    assert signal.details == {"labels": ALERT["labels"], "annotations": ALERT["annotations"]}
    assert signal.ends_at is None  # year 1 is how Alertmanager says “not over”


def test_each_alert_of_a_group_is_told_by_itself() -> None:
    signals = parse(alerts=[ALERT, {**ALERT, "status": "resolved", "fingerprint": "b"}])
    assert [(s.action, s.dedup_key) for s in signals] == [("trigger", "c5f0d9c3a7b1e2d4"), ("resolve", "b")]


def test_without_fingerprint_the_labels_are_the_key_in_any_order() -> None:
    one = alert(fingerprint=None, labels={"a": "1", "b": "2"})
    other = alert(fingerprint="", labels={"b": "2", "a": "1"})
    third = alert(fingerprint="", labels={"b": "2", "a": "3"})
    assert one.dedup_key == other.dedup_key != third.dedup_key


def test_without_its_own_status_an_alert_has_the_status_of_the_message() -> None:
    (signal,) = parse(status="resolved", alerts=[{"labels": {"alertname": "X"}}])
    assert (signal.action, signal.summary) == (Action.RESOLVE, "")


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "critical"}, Severity.CRITICAL),
        ({"severity": "page"}, Severity.CRITICAL),
        ({"severity": "Warning"}, Severity.WARNING),
        ({"severity": "none"}, Severity.INFO),  # the Watchdog of kube-prometheus
        ({"severity": "flurb"}, Severity.ERROR),  # unknown: pages
        ({}, Severity.ERROR),
    ],
    ids=range(6),
)
def test_severity_comes_from_its_label(labels: dict[str, str], severity: Severity) -> None:
    assert alert(labels=labels).severity is severity


@pytest.mark.parametrize(
    ("annotations", "labels", "summary"),
    [
        ({"description": "two\n lines"}, {}, "two lines"),
        (None, {"alertname": "Down", "instance": "db1"}, "Down on db1"),
        ({}, {"alertname": "Down"}, "Down"),
        ({}, {}, "Alert without a name"),
    ],
    ids=range(4),
)
def test_there_is_always_a_summary(annotations: object, labels: object, summary: str) -> None:
    assert alert(annotations=annotations, labels=labels).summary == summary


def test_grafana_is_understood() -> None:
    (signal,) = parse(
        version="1", orgId=1, title="[FIRING:1]", alerts=[{**ALERT, "values": {"B": 1.5}, "valueString": "x"}]
    )
    assert signal.summary == "shop is down"


def test_no_alerts_are_no_signals() -> None:
    assert parse(alerts=[]) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[1]", b"{}", b'{"alerts": [{}]}', b'{"alerts": [{"labels": {"a": 1}}]}', b'{"alerts": null}', b"nonsense"],
    ids=range(7),
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        alertmanager.parse(body, {}, NOON)
