"""Services and their integrations: made, changed, and taken away without losing what was."""

import json
import re

import pytest
from django.conf import settings

from tests.apps.hearing import NOON, Source, make_integration, make_service
from tocsin.alerts.models import Alert, AlertGroup, Event
from tocsin.alerts.testing import test_alert as send_test_alert
from tocsin.audit.models import Record
from tocsin.core.permissions import NOBODY, TOCSIN, Denied
from tocsin.people.problems import Refused
from tocsin.policies.models import EscalationPolicy
from tocsin.sealing import matches
from tocsin.services import actions, queries
from tocsin.services.models import Integration, Service
from tocsin.sources.registry import BY_HAND, SOURCES

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy() -> EscalationPolicy:
    return EscalationPolicy.objects.create(name="Default", slug="default")


def test_a_service_has_a_slug_of_its_own_and_is_audited(policy: EscalationPolicy) -> None:
    one = actions.create_service(TOCSIN, "Web shop", policy, NOON, tier=1, group_minutes=5)
    two = actions.create_service(TOCSIN, "Web, shop", policy, NOON)
    assert (one.slug, two.slug, one.tier) == ("web-shop", "web-shop-2", 1)
    actions.change_service(TOCSIN, one, NOON, name="Shop")
    assert Service.objects.get(slug="web-shop").name == "Shop"
    assert [(r.verb, r.object_name) for r in Record.objects.order_by("id")] == [
        ("created", "Web shop"), ("created", "Web, shop"), ("changed", "Shop")
    ]  # fmt: skip


def test_two_services_of_one_name_are_refused_in_words(policy: EscalationPolicy) -> None:
    actions.create_service(TOCSIN, "Shop", policy, NOON)
    with pytest.raises(Refused):
        actions.create_service(TOCSIN, "Shop", policy, NOON)


def test_a_service_with_a_history_is_kept() -> None:
    tool = Source(make_integration())
    tool.triggers("disk")
    tool.absorbed()
    with pytest.raises(Refused, match="history"):
        actions.delete_service(TOCSIN, tool.integration.service, NOON)
    empty = make_service("empty")
    actions.delete_service(TOCSIN, empty, NOON)
    assert [s.name for s in queries.services(TOCSIN)] == ["checkout"]


def test_a_list_of_services_counts_the_open_groups_and_finds_by_name() -> None:
    tool = Source(make_integration())
    make_service("search")
    for key in ("one", "two", "three"):
        tool.triggers(key)
    tool.resolves("one")
    tool.absorbed()
    assert [(s.name, s.open_groups) for s in queries.services(TOCSIN)] == [("checkout", 2), ("search", 0)]
    assert [s.name for s in queries.services(TOCSIN, "SEA")] == ["search"]


@pytest.mark.parametrize("kind", sorted(BY_HAND))
def test_the_key_of_an_integration_is_shown_once_and_kept_as_a_fingerprint(kind: str) -> None:
    made, key = actions.create_integration(TOCSIN, make_service(), kind, "Prod", NOON)
    assert re.fullmatch("[a-f0-9]{32}", key)
    assert matches(key, made.key_hash)
    assert made.key_hint == key[:4]
    address = f"{key}@{settings.MAIL_HOST}" if kind == "email" else settings.PUBLIC_URL
    assert queries.inbound_url(kind, key).startswith(address)
    assert key not in json.dumps(list(Record.objects.values("before", "after", "object_name")))


def test_a_new_key_replaces_the_old_one() -> None:
    made, key = actions.create_integration(TOCSIN, make_service(), "pagerduty", "Prod", NOON)
    new = actions.rotate_key(TOCSIN, made, NOON)
    stored = Integration.objects.get().key_hash
    assert matches(new, stored)
    assert not matches(key, stored)
    assert Record.objects.latest("id").verb == "rotated the key of"


def test_a_deleted_integration_is_off_and_gone_and_its_alerts_stay() -> None:
    tool = Source(make_integration())
    tool.triggers("disk")
    tool.absorbed()
    actions.delete_integration(TOCSIN, tool.integration, NOON)
    assert not queries.integrations(TOCSIN).exists()
    assert not queries.service(TOCSIN, "checkout").integrations.all()
    assert not Integration.objects.get().is_enabled
    assert Alert.objects.exists()
    with pytest.raises(Integration.DoesNotExist):
        queries.integration(TOCSIN, tool.integration.pk)


def test_an_unknown_kind_is_refused_and_names_the_known_ones() -> None:
    with pytest.raises(Refused, match="alertmanager"):
        actions.create_integration(TOCSIN, make_service(), "telegraph", "Prod", NOON)


def test_a_mapping_is_tried_on_a_sample_and_nothing_is_kept() -> None:
    found = actions.try_mapping("generic", {}, SOURCES["generic"].sample)
    assert isinstance(found, list)
    assert found
    assert isinstance(actions.try_mapping("generic", {}, b"nonsense"), str)
    assert isinstance(actions.try_mapping("telegraph", {}, b"{}"), str)
    assert not Event.objects.exists()


@pytest.mark.parametrize("kind", sorted(kind for kind, source in BY_HAND.items() if source.tells == "alert"))
def test_a_test_alert_takes_the_way_of_a_real_one(kind: str) -> None:
    integration = make_integration(kind=kind)
    receipt = send_test_alert(TOCSIN, integration, NOON)
    source = Source(integration)
    assert source.absorbed().groups == 1
    assert AlertGroup.objects.get().title == "Test alert from Tocsin: nothing is broken"
    assert AlertGroup.objects.get().urgency == "high"
    assert Event.objects.get().receipt == receipt
    send_test_alert(TOCSIN, integration, NOON)
    assert source.absorbed().groups == 1  # a second one is an alert of its own


def test_a_test_alert_for_an_integration_that_is_off_is_refused() -> None:
    integration = make_integration()
    integration.is_enabled = False
    with pytest.raises(Refused, match="switched off"):
        send_test_alert(TOCSIN, integration, NOON)


def test_nobody_changes_nothing(policy: EscalationPolicy) -> None:
    integration = make_integration()
    for attempt in (
        lambda: actions.create_service(NOBODY, "Shop", policy, NOON),
        lambda: actions.change_service(NOBODY, integration.service, NOON, name="x"),
        lambda: actions.delete_service(NOBODY, integration.service, NOON),
        lambda: actions.create_integration(NOBODY, integration.service, "pagerduty", "x", NOON),
        lambda: actions.change_integration(NOBODY, integration, NOON, name="x"),
        lambda: actions.rotate_key(NOBODY, integration, NOON),
        lambda: actions.delete_integration(NOBODY, integration, NOON),
        lambda: send_test_alert(NOBODY, integration, NOON),
        lambda: queries.services(NOBODY),
        lambda: queries.service(NOBODY, "checkout"),
        lambda: queries.integrations(NOBODY),
        lambda: queries.integration(NOBODY, integration.pk),
    ):
        with pytest.raises(Denied):
            attempt()


@pytest.mark.parametrize("kind", ["generic", "email"])
def test_a_mapping_that_may_not_end_is_not_saved(kind: str) -> None:
    service = make_service()
    endless = {"severity": "{% for a in item %}{% for b in item %}{% endfor %}{% endfor %}"}
    with pytest.raises(Refused, match="a loop in a loop"):
        actions.create_integration(TOCSIN, service, kind, "M", NOON, endless)
    made, _ = actions.create_integration(TOCSIN, service, kind, "M", NOON)
    with pytest.raises(Refused, match="a loop in a loop"):
        actions.change_integration(TOCSIN, made, NOON, mapping=endless)
    assert "a loop in a loop" in str(actions.try_mapping(kind, endless, SOURCES[kind].sample))
