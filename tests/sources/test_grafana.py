"""Grafana Alerting: Alertmanager's shape, with more in it, and a signature."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Image, Severity
from tocsin.sources import grafana
from tocsin.sources.contract import Unreadable

SECRET = "a secret of the contact point"
BODY = grafana.SAMPLE
TIME = str(int(NOON.timestamp()))


def mac(signed: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def is_signed(given: dict[str, str], secret: str = SECRET, body: bytes = BODY) -> bool:
    return grafana.is_signed(secret, body, lambda name: given.get(name, ""), NOON)


def test_what_grafana_left_out_is_a_warning_of_its_own() -> None:
    _, more = grafana.parse(json.dumps({**json.loads(BODY), "truncatedAlerts": 3}).encode(), {}, NOON)
    assert more.summary.startswith("3 alerts were left out by “Max Alerts” of the receiver “Tocsin”")
    assert more.severity is Severity.WARNING


def test_an_alert_brings_panel_dashboard_picture_and_values() -> None:
    (signal,) = grafana.parse(BODY, {}, NOON)
    assert (signal.action, signal.dedup_key) == (Action.TRIGGER, "8c1d1b0f4d9f3a52")
    assert (signal.summary, signal.severity) == ("12,400 orders wait in rabbit1", Severity.CRITICAL)
    assert (signal.source, signal.component) == ("rabbit1", "orders")
    assert [link.text for link in signal.links] == [
        "Runbook",
        "Panel",
        "Dashboard",
        "Rule in Grafana",
        "Silence in Grafana",
        "Grafana",
    ]
    assert signal.images == (
        Image(
            src="https://images.example.org/orders.png",
            href="https://grafana.example.org/d/orders?viewPanel=4",
            alt="Panel",
        ),
    )
    assert signal.details["values"] == {"A": 12400, "C": 1}
    assert signal.details["ruleUID"] == "ae1b2c3d4e5f6g"


def test_a_resolved_alert_resolves_by_its_fingerprint() -> None:
    sent = json.loads(BODY)
    sent["status"] = sent["alerts"][0]["status"] = "resolved"
    (signal,) = grafana.parse(json.dumps(sent).encode(), {}, NOON)
    assert (signal.action, signal.dedup_key) == (Action.RESOLVE, "8c1d1b0f4d9f3a52")


@pytest.mark.parametrize(
    "changes",
    [
        {"values": None, "valueString": None, "imageURL": None},  # no data
        {"panelURL": "", "dashboardURL": "", "annotations": {}},  # a rule of no dashboard
        {"imageURL": "javascript:alert(1)"},
        {"ofAnotherVersion": {"x": 1}},
    ],
    ids=range(4),
)
def test_what_may_be_missing_may_be_missing(changes: dict[str, object]) -> None:
    sent = json.loads(BODY)
    sent["alerts"][0] |= changes
    (signal,) = grafana.parse(json.dumps(sent).encode(), {}, NOON)
    assert signal.summary
    assert all(image.src.startswith("https://") for image in signal.images)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"alerts": [7]}', b'{"alerts": [{"labels": null}]}'], ids=range(5)
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        grafana.parse(body, {}, NOON)


@pytest.mark.parametrize(
    "given",
    [
        {grafana.SIGNATURE: mac(f"{TIME}:".encode() + BODY), grafana.TIMESTAMP: TIME},
        {grafana.SIGNATURE: mac(f"{TIME}:".encode() + BODY).upper(), grafana.TIMESTAMP: TIME},
    ],
    ids=["as it is", "capitals"],
)
def test_a_right_signature_is_taken(given: dict[str, str]) -> None:
    assert is_signed(given)


OLD = str(int((NOON - timedelta(minutes=6)).timestamp()))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {grafana.SIGNATURE: ""},
        {grafana.SIGNATURE: mac(BODY)},  # without a time a copy is the same as a reminder
        {grafana.SIGNATURE: mac(b":" + BODY)},
        {grafana.SIGNATURE: "é"},
        {grafana.SIGNATURE: mac(BODY + b" ")},  # another body
        {grafana.SIGNATURE: mac(BODY, "another secret")},
        {grafana.SIGNATURE: mac(BODY), grafana.TIMESTAMP: TIME},  # the time is not what was signed
        {grafana.SIGNATURE: mac(f"{TIME}:".encode() + BODY)},  # the time was taken away
        {grafana.SIGNATURE: mac(f"{OLD}:".encode() + BODY), grafana.TIMESTAMP: OLD},  # a copy that comes later
        {grafana.SIGNATURE: mac(b"now:" + BODY), grafana.TIMESTAMP: "now"},
        {grafana.SIGNATURE: mac(b"9" * 30 + b":" + BODY), grafana.TIMESTAMP: "9" * 30},
    ],
    ids=range(12),
)
def test_a_wrong_signature_is_refused(given: dict[str, str]) -> None:
    assert not is_signed(given)


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_signed({grafana.SIGNATURE: mac(BODY, "")}, secret="")
