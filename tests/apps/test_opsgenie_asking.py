"""What Opsgenie's clients look for, in Opsgenie's query language."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apps.hearing import NOON, make_integration, make_service
from tests.apps.test_opsgenie import create, say
from tocsin.alerts.models import Alert
from tocsin.alerts.opsgenie import queries
from tocsin.alerts.opsgenie.asking import NotUnderstood, condition
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db
NOON_MS = int(NOON.timestamp() * 1000)


@pytest.fixture
def opsgenie() -> Integration:
    """disk: open, P1; cpu: acknowledged, no priority; net: closed, P2."""
    made = make_integration(make_service("checkout"), kind="opsgenie")
    alerts = {
        "disk": {"message": "Disk is full", "priority": "P1", "tags": ["db", "grün"]},
        "cpu": {"message": "CPU is hot", "priority": None, "tags": ["web"]},
        "net": {"message": "Network is down", "priority": "P2"},
    }
    for alias, fields in alerts.items():
        say(made, {**create(alias=alias, **fields), "tocsin": {"verb": "create"}})
    for alias, verb in (("cpu", "acknowledge"), ("net", "close")):
        say(made, {"tocsin": {"verb": verb, "by": "alias", "identifier": alias}})
    Alert.objects.filter(dedup_key="net").update(opened_at=NOON - timedelta(hours=1))
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "cpu disk net"),
        ("status: open", "cpu disk"),
        ("status=open", "cpu disk"),
        ("status: open AND priority: P1", "disk"),
        ("status: open priority: P1", "disk"),
        ("priority: P3", "cpu"),  # who says none has this one
        ("priority: (P1 OR P2)", "disk net"),
        ("status: closed OR acknowledged: true", "cpu net"),
        ("status: open OR status: closed AND alias: net", "cpu disk net"),  # AND binds more closely
        ("(status: open OR status: closed) AND alias: net", "net"),
        ("NOT status: closed", "cpu disk"),
        ("status: open AND NOT alias: disk", "cpu"),
        ("-hot", "disk net"),
        ("hot", "cpu"),
        ('message: "is full"', "disk"),
        ("message: (full OR hot)", "cpu disk"),
        ("message: net*", "net"),
        ("tag: db", "disk"),
        ("tags: grün", "disk"),
        ("tag: d", ""),
        ("alias: d*", "disk"),
        (f"createdAt < {NOON_MS}", "net"),
        (f"createdAt >= {NOON_MS}", "cpu disk"),
        ("count < 2", "disk"),
        ("count: 1", "disk"),
        ("alertId: nothing", ""),
    ],
)
def test_asked(opsgenie: Integration, query: str, found: str) -> None:
    assert sorted(a.dedup_key for a in queries.alerts(opsgenie, query)) == found.split()


@pytest.mark.parametrize(
    "query",
    [
        "responders: ada", "status: maybe", "status > open", "(status: open", "status: open)", "status: open AND",
        "NOT", "createdAt > yesterday", f"createdAt > {'9' * 19}", "tinyId: ²", '"no end', "(" * 20 + "a" + ")" * 20,
        "NOT " * 200 + "a", "status: " * 100 + "open", "x" * 1001,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_said_and_never_answered_with_nothing(query: str) -> None:
    with pytest.raises(NotUnderstood):
        condition(query)


@given(st.lists(st.sampled_from(["(", ")", "AND", "OR", "NOT", "-", "a", "status:", "open", "count>", "1", '"', "é"])))
def test_any_words_are_understood_or_refused(words: list[str]) -> None:
    try:
        list(Alert.objects.filter(condition(" ".join(words))))
    except NotUnderstood:
        return
