"""Opsgenie's Alert API: what its clients write, as it is stored."""

import json
from typing import Any

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Beat, Link, Naming, Severity, Signal
from tocsin.sources import opsgenie
from tocsin.sources.contract import Unreadable

# as Alertmanager 0.25 sends it
BY_ALERTMANAGER = {
    "alias": "6f0b3e2b1bd2b7a2c1b0a9d5c1e1a1e7f2a3b4c5d6e7f8091a2b3c4d5e6f7081",
    "message": "[FIRING:1] ShopDown (127.0.0.1:9000 shop critical)",
    "description": "Alerts Firing:\nLabels:\n - alertname = ShopDown\n",
    "details": {"alertname": "ShopDown", "instance": "127.0.0.1:9000", "job": "shop", "severity": "critical"},
    "source": "http://alertmanager.example.org:9093/#/alerts?receiver=tocsin",
    "priority": "P1",
}
# as the Python client 2.1.5 sends it
BY_PYTHON = {
    "message": "Disk of db1 is full",
    "alias": "db1/disk",
    "responders": [{"name": "Databases", "type": "team"}],
    "visibleTo": [{"username": "ada@example.org", "type": "user"}],
    "actions": ["Grow", "Clean"],
    "tags": ["disk", "OverwriteQuietHours"],
    "details": {"mount": "/var/lib", "free": "0 B", "runbook_url": "https://wiki.example.org/disk"},
    "entity": "db1",
    "priority": "P2",
    "user": "Grace",
    "note": "It was at 60 % yesterday.",
}


def signal(body: object, asked: object = None, **mapping: object) -> Signal:
    sent = {**body, "tocsin": asked} if asked and isinstance(body, dict) else body
    (heard,) = opsgenie.parse(json.dumps(sent).encode(), mapping, NOON)
    assert isinstance(heard, Signal)
    return heard


def test_what_alertmanager_sends() -> None:
    found = signal(BY_ALERTMANAGER)
    assert (found.action, found.dedup_key, found.severity) == (
        Action.TRIGGER,
        BY_ALERTMANAGER["alias"],
        Severity.CRITICAL,
    )
    assert found.summary == "[FIRING:1] ShopDown (127.0.0.1:9000 shop critical)"
    assert found.links == (Link(href=str(BY_ALERTMANAGER["source"]), text="Source"),)
    assert found.details["details"] == BY_ALERTMANAGER["details"]


def test_what_the_python_client_sends_is_all_kept() -> None:
    found = signal(BY_PYTHON)
    assert (found.severity, found.component, found.note, found.author) == (
        Severity.ERROR,
        "db1",
        "It was at 60 % yesterday.",
        "Grace",
    )
    assert found.links == (Link(href="https://wiki.example.org/disk", text="runbook_url"),)
    for name in ("responders", "visibleTo", "actions", "tags", "details", "priority"):
        assert found.details[name] == BY_PYTHON[name]


@pytest.mark.parametrize(
    ("priority", "severity"),
    [
        ("P1", Severity.CRITICAL),
        ("P2", Severity.ERROR),
        ("P3", Severity.WARNING),
        ("P4", Severity.INFO),
        ("P5", Severity.INFO),
        (None, Severity.WARNING),  # P3
    ],
)
def test_priorities(priority: str | None, severity: Severity) -> None:
    assert signal({"message": "x", "priority": priority}).severity is severity


def test_the_integration_may_say_otherwise_what_a_priority_means() -> None:
    assert signal({"message": "x"}, priorities={"P3": "critical"}).severity is Severity.CRITICAL
    assert signal({"message": "x", "priority": "P1"}, priorities={"P3": "critical"}).severity is Severity.CRITICAL


def test_without_an_alias_the_id_is_the_alias() -> None:
    made = "6c1a5f7e-5d0b-4a0e-9d0d-3a5f1d1f4a11"
    found = signal({"message": "x"}, {"verb": "create", "id": made})
    assert (found.dedup_key, found.uid) == (made, made)
    found = signal({"message": "x", "alias": "disk"}, {"verb": "create", "id": made})
    assert (found.dedup_key, found.uid) == ("disk", made)


def test_aliases_that_are_too_long_for_a_key_stay_apart() -> None:
    first, second = (signal({"message": "x", "alias": "a" * 400 + end}) for end in "bc")
    assert len(first.dedup_key) <= 255
    assert first.dedup_key != second.dedup_key
    assert first.details["alias"] == "a" * 400 + "b"
    asked = {"verb": "close", "identifier": "a" * 400 + "b", "by": "alias"}
    assert signal({}, asked).dedup_key == first.dedup_key


@pytest.mark.parametrize(
    ("verb", "body", "action", "more"),
    [
        ("close", {"user": "Ada", "note": "Fixed."}, Action.RESOLVE, {"author": "Ada", "note": "Fixed."}),
        ("acknowledge", {}, Action.ACKNOWLEDGE, {}),
        ("unacknowledge", {}, Action.UNACKNOWLEDGE, {}),
        ("notes", {"note": "Looking."}, Action.NOTE, {"note": "Looking."}),
        ("message", {"message": "Worse"}, Action.AMEND, {"summary": "Worse", "details": {}}),
        ("description", {"description": "Long"}, Action.AMEND, {"details": {"description": "Long"}, "summary": ""}),
        ("tags", {"tags": ["a"]}, Action.AMEND, {"details": {"tags": ["a"]}}),
        ("tags", {"tags": "a, b"}, Action.AMEND, {"details": {"tags": ["a", "b"]}}),
        ("details", {"details": {"a": 1}}, Action.AMEND, {"details": {"details": {"a": "1"}}}),
        ("priority", {"priority": "P1"}, Action.RATE, {"severity": Severity.CRITICAL, "details": {"priority": "P1"}}),
    ],
)
def test_what_is_done_to_an_alert(verb: str, body: Any, action: Action, more: Any) -> None:
    found = signal(body, {"verb": verb, "identifier": "7", "by": "tiny"})
    assert (found.action, found.dedup_key, found.naming) == (action, "7", Naming.NUMBER)
    for name, value in more.items():
        assert getattr(found, name) == value


@pytest.mark.parametrize(("by", "naming"), [("id", Naming.ID), ("tiny", Naming.NUMBER), ("alias", Naming.KEY)], ids=str)
def test_how_an_alert_is_called(by: str, naming: Naming) -> None:
    assert signal({}, {"verb": "close", "identifier": "x", "by": by}).naming is naming


def test_a_ping() -> None:
    asked = {"verb": "ping", "identifier": "nightly backup"}
    assert opsgenie.parse(json.dumps({"tocsin": asked}).encode(), {}, NOON) == [Beat(name="nightly backup")]


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("create", {}, "message"),
        ("create", {"message": " "}, "message"),
        ("create", {"message": "x" * 131}, "message"),
        ("create", {"message": 7}, "message"),
        ("create", {"message": "x", "alias": "x" * 513}, "alias"),
        ("create", {"message": "x", "description": "x" * 15_001}, "description"),
        ("create", {"message": "x", "priority": "P6"}, "priority"),
        ("notes", {}, "note"),
        ("notes", {"note": "x" * 25_001}, "note"),
        ("priority", {}, "priority"),
        ("message", {"message": ""}, "message"),
        ("tags", {"tags": []}, "tags"),
        ("details", {"details": {}}, "details"),
    ],
)
def test_what_is_wrong_is_said_by_field(verb: str, body: Any, field: str) -> None:
    with pytest.raises(opsgenie.Invalid) as caught:
        opsgenie.check(opsgenie.read(json.dumps(body).encode()), verb)
    assert list(caught.value.errors) == [field]
    with pytest.raises(Unreadable):
        signal(body, {"verb": verb, "identifier": "x"})


def test_the_longest_are_taken() -> None:
    found = signal({"message": "x" * 130, "alias": "y" * 255, "description": "z" * 15_000})
    assert (len(found.summary), len(found.dedup_key)) == (130, 255)


def test_an_action_that_tocsin_does_not_know_is_not_read() -> None:
    for asked in ({"verb": "snooze", "identifier": "x"}, {"verb": "close", "identifier": "x", "by": "name"}):
        with pytest.raises(Unreadable):
            signal({}, asked)
