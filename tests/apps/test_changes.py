"""Changes: heard from tools, recorded by hand, and looked at when something breaks."""

import uuid
from datetime import datetime, timedelta

import pytest

from tests.apps.domain import ADMIN, role
from tests.apps.hearing import make_integration, make_service, minutes
from tests.conftest import NOON
from tocsin.alerts.changes import Told
from tocsin.alerts.models import Event
from tocsin.audit.models import Record
from tocsin.changes import actions, filters, hearing, queries
from tocsin.changes.models import Change, Delivery
from tocsin.core import signals
from tocsin.core.permissions import Denied, Role
from tocsin.health import settings
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    return make_integration(kind="github")


def told(integration: Integration, summary: str = "Deploy", *, at: datetime = NOON, **said: object) -> Told:
    event = Event(receipt=uuid.uuid4(), integration=integration, kind="github", body=b"", received_at=at)
    return Told(event=event, integration=integration, what=signals.Change(summary=summary, **said))  # type: ignore[arg-type]


def hear(*what: Told) -> None:
    hearing.hear(what, NOON)


def test_what_is_heard_is_kept_with_where_it_came_from(integration: Integration) -> None:
    link = signals.Link(href="https://ci.example.org/1", text="Run")
    news = told(integration, "Deploy v1", status="success", version="v1", links=(link,), details={"sha": "abc"})
    hear(news)
    row = Change.objects.get()
    assert (row.service, row.integration, row.receipt) == (integration.service, integration, news.event.receipt)
    assert (row.at, row.received_at) == (NOON, NOON)
    assert (row.links, row.details) == ([{"href": "https://ci.example.org/1", "text": "Run"}], {"sha": "abc"})


def test_a_deployment_that_comes_again_is_the_same_change(integration: Integration) -> None:
    hear(told(integration, key="deployment-1", status="pending", rollback="helm rollback shop"))
    hear(told(integration, key="deployment-1", status="success", at=NOON + minutes(3)))
    row = Change.objects.get()
    assert (row.status, row.rollback) == ("success", "helm rollback shop")
    assert (row.at, row.said_at) == (NOON, NOON + minutes(3))


def test_news_of_one_batch_are_of_one_change(integration: Integration) -> None:
    begun, ended = told(integration, key="1", status="pending"), told(integration, key="1", status="failure")
    hear(begun, ended, told(integration, key="2"))
    assert list(Change.objects.order_by("id").values_list("key", "status")) == [("1", "failure"), ("2", "")]


def test_older_news_that_come_later_only_tell_when_it_began(integration: Integration) -> None:
    hear(told(integration, "Deployed", key="1", status="success", at=NOON))
    hear(told(integration, "Deploys", key="1", status="pending", at=NOON - minutes(5)))
    row = Change.objects.get()
    assert (row.summary, row.status, row.at) == ("Deployed", "success", NOON - minutes(5))


def test_a_key_is_the_integrations_own(integration: Integration) -> None:
    other = make_integration(integration.service, kind="github", name="Other")
    hear(told(integration, key="1"), told(other, key="1"), told(integration), told(integration))
    assert Change.objects.count() == 4


def test_a_message_that_is_delivered_again_says_nothing(integration: Integration) -> None:
    hear(told(integration, delivery="a1"), told(integration, delivery="a1"))
    hear(told(integration, delivery="a1"), told(integration, "Other", delivery="b2"))
    assert sorted(Change.objects.values_list("summary", flat=True)) == ["Deploy", "Other"]
    assert hearing.forget(NOON + timedelta(days=29)) == 0
    assert hearing.forget(NOON + timedelta(days=31)) == 2
    assert not Delivery.objects.exists()


def test_nothing_is_lost_for_what_a_database_does_not_keep(integration: Integration) -> None:
    hear(told(integration, "a\0b", details={"x\0": ["\0"]}))
    assert Change.objects.get().summary == "a�b"


def test_one_is_recorded_by_hand_with_an_entry_in_the_audit_log() -> None:
    service = make_service()
    row = actions.record(ADMIN, signals.Change(summary="Failover of db1", rollback="pg_ctl promote"), service, NOON)
    assert (row.service, row.integration, row.at) == (service, None, NOON)
    assert Record.objects.get(object_kind="change").verb == "created"


def test_by_hand_too_a_key_is_one_change_and_its_news_are_audited() -> None:
    service = make_service()
    actions.record(ADMIN, signals.Change(summary="Deploy", key="d1", status="pending"), None, NOON)
    actions.record(ADMIN, signals.Change(summary="Deploy", key="d1", status="success"), service, NOON + minutes(2))
    row = Change.objects.get()
    assert (row.status, row.service) == ("success", service)
    assert [r.verb for r in Record.objects.filter(object_kind="change").order_by("id")] == ["created", "changed"]


def test_an_observer_reads_them_and_records_none() -> None:
    observer = role(Role.OBSERVER)
    with pytest.raises(Denied):
        actions.record(observer, signals.Change(summary="x"), None, NOON)
    assert list(queries.changes(observer, NOON)) == []


def test_filters_narrow_the_list(integration: Integration) -> None:
    other = make_integration(make_service("search"), kind="gitlab")
    hear(
        told(integration, "Old", at=NOON - minutes(300)),
        told(integration, "Failed", status="failed", environment="production", version="v2"),
        told(other, "Searched", status="success", author="Grace"),
    )
    for params, names in {
        "": ["Searched", "Failed", "Old"],
        "service=search": ["Searched"],
        "environment=production": ["Failed"],
        "status=failed": ["Failed"],
        "status=nonsense": ["Searched", "Failed", "Old"],
        "since=2h": ["Searched", "Failed"],
        "since=2026-03-04": ["Searched", "Failed", "Old"],
        "text=grace": ["Searched"],
        "text=v2": ["Failed"],
    }.items():
        wanted = filters.read(dict(p.split("=") for p in params.split("&") if p))
        assert [c.summary for c in queries.changes(ADMIN, NOON, wanted)] == names, params


def test_the_window_before_a_group_can_be_made_longer(integration: Integration) -> None:
    hear(told(integration, at=NOON - minutes(150)))
    assert not queries.suspected(ADMIN, integration.service, NOON)
    settings.put("change_window_minutes", 180)
    (found,) = queries.suspected(ADMIN, integration.service, NOON)
    assert found.reasons[:2] == ("on this service", "2 h 30 min before it began")
    settings.put("change_window_minutes", "nonsense")
    assert not queries.suspected(ADMIN, integration.service, NOON)
    # a service may say it for itself
    integration.service.change_window_minutes = 151
    assert queries.suspected(ADMIN, integration.service, NOON)
    settings.put("change_window_minutes", 180)
    integration.service.change_window_minutes = 149
    assert not queries.suspected(ADMIN, integration.service, NOON)


def test_changes_of_other_services_are_no_suspects_and_those_of_none_are(integration: Integration) -> None:
    other = make_integration(make_service("search"), kind="github")
    hear(told(integration, "Ours", at=NOON - minutes(30)), told(other, "Theirs"))
    actions.record(ADMIN, signals.Change(summary="Network", at=NOON - minutes(1)), None, NOON)
    found = queries.suspected(ADMIN, integration.service, NOON)
    assert [s.change.summary for s in found] == ["Ours", "Network"]
    assert [s.is_same_service for s in found] == [True, False]
