"""Sentry: issue alerts, metric alerts and issues; one key for one issue."""

import hashlib
import hmac
import json

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import sentry
from tocsin.sources.contract import Unreadable

SAMPLE = json.loads(sentry.SAMPLE)
METRIC = {
    "id": "1234",
    "identifier": "12",
    "organization_id": "1",
    "projects": ["shop"],
    "status": 20,
    "title": "Too many errors",
    "alert_rule": {
        "id": "7",
        "name": "Too many errors",
        "aggregate": "count()",
        "query": "level:error",
        "time_window": 10,
    },
}
ISSUE = {
    "id": "1170820242",
    "shortId": "SHOP-1A",
    "title": "PaymentRefused: the bank does not answer",
    "culprit": "shop.payments in charge",
    "level": "fatal",
    "status": "unresolved",
    "substatus": "regressed",
    "project": {"id": "1", "name": "Shop", "slug": "shop"},
    "web_url": "https://sentry.io/organizations/example/issues/1170820242/",
    "count": "4",
}


def parse(action: str, data: object) -> list[Signal]:
    return sentry.parse(json.dumps({**SAMPLE, "action": action, "data": data}).encode(), {}, NOON)


def metric(action: str, **changes: object) -> Signal:
    told = {"description_title": "Critical: Too many errors", "description_text": "1000 events in the last 10 minutes"}
    url = "https://sentry.io/organizations/example/alerts/rules/details/12/"
    (signal,) = parse(action, {**told, "web_url": url, "metric_alert": {**METRIC, **changes}})
    return signal


def test_an_issue_alert_is_about_its_issue() -> None:
    (signal,) = sentry.parse(sentry.SAMPLE, {}, NOON)
    assert (signal.action, signal.dedup_key) == (Action.TRIGGER, "issue-1170820242")
    assert (signal.summary, signal.severity) == ("PaymentRefused: the bank does not answer", Severity.ERROR)
    assert signal.source == "web-3"
    assert signal.details["rule"] == "New errors in payments"
    assert [link.text for link in signal.links] == ["Event in Sentry"]


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("fatal", Severity.CRITICAL),
        ("error", Severity.ERROR),
        ("warning", Severity.WARNING),
        ("info", Severity.INFO),
        ("debug", Severity.INFO),
        ("", Severity.ERROR),
        (None, Severity.ERROR),
    ],
    ids=range(7),
)
def test_levels(level: object, severity: Severity) -> None:
    (signal,) = parse("triggered", {"event": {**SAMPLE["data"]["event"], "level": level}})
    assert signal.severity is severity


@pytest.mark.parametrize(
    ("action", "severity"),
    [("critical", Severity.CRITICAL), ("warning", Severity.WARNING), ("", Severity.ERROR)],
    ids=range(3),
)
def test_a_metric_alert(action: str, severity: Severity) -> None:
    signal = metric(action)
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.TRIGGER, "metric-1234", severity)
    assert (signal.summary, signal.component) == ("Too many errors", "shop")
    assert signal.details["aggregate"] == "count()"
    assert signal.links[0].text == "Alert in Sentry"


def test_a_metric_alert_that_is_over() -> None:
    assert (metric("resolved").action, metric("resolved").dedup_key) == (Action.RESOLVE, "metric-1234")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("created", Action.TRIGGER),
        ("unresolved", Action.TRIGGER),  # regressed
        ("resolved", Action.RESOLVE),
        ("archived", Action.RESOLVE),
        ("ignored", Action.RESOLVE),  # as older ones say
    ],
)
def test_issues(action: str, told: Action) -> None:
    (signal,) = parse(action, {"issue": ISSUE})
    assert (signal.action, signal.dedup_key) == (told, "issue-1170820242")
    assert told is Action.RESOLVE or (signal.severity, signal.component) == (Severity.CRITICAL, "Shop")


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("assigned", {"issue": ISSUE}),
        ("created", {"installation": {"uuid": "x", "status": "installed"}}),
        ("created", {"comment": "it is the bank", "issue_id": 1170820242}),
        ("created", {"error": {"event_id": "x", "title": "every single error"}}),
        ("deleted", {}),
    ],
    ids=range(5),
)
def test_what_is_no_news_of_an_alert_is_none(action: str, data: object) -> None:
    assert parse(action, data) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"issue": {"title": "x"}}, "action": "created"}'],
    ids=range(5),
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        sentry.parse(body, {}, NOON)


@pytest.mark.parametrize(
    ("secret", "given", "is_right"),
    [
        ("client secret", None, True),
        ("another", None, False),
        ("client secret", "", False),
        ("client secret", "0" * 64, False),
        ("", None, False),
    ],
    ids=range(5),
)
def test_signatures(secret: str, given: str | None, is_right: bool) -> None:
    mac = hmac.new(b"client secret", sentry.SAMPLE, hashlib.sha256).hexdigest()
    headers = {sentry.SIGNATURE: mac if given is None else given}
    assert sentry.is_signed(secret, sentry.SAMPLE, lambda name: headers.get(name, ""), NOON) is is_right
