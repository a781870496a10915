"""The rulebook holds what is in force, is read again when a rule changes, and never fails for one bad row."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apps.hearing import NOON, make_integration, make_service
from tocsin.core.permissions import TOCSIN
from tocsin.core.signals import Urgency
from tocsin.health.problems import open_problems
from tocsin.rules import inhibitions, maintenance, routing, silences, urgency
from tocsin.rules.models import Maintenance, Route, Silence
from tocsin.rules.queries import rulebook

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def silence(matchers: str = 'a="b"', **fields: object) -> Silence:
    return silences.create_silence(TOCSIN, matchers, NOON, NOON + HOUR, "why", NOON, **fields)  # type: ignore[arg-type]


def test_every_kind_of_rule_is_in_it_as_the_value_that_core_knows() -> None:
    integration = make_integration()
    shop = make_service("shop")
    silence('a=~"b|c"', integration=integration)
    maintenance.create_maintenance(
        TOCSIN, [shop], NOON, name="Nightly", weekdays=[0, 6], opens=time(2), minutes=90, zone="Asia/Tokyo"
    )
    inhibitions.save_inhibition(TOCSIN, None, NOON, name="Down", source='a="1"', target='b="2"', equal=["host"])
    outer = routing.save_route(TOCSIN, None, NOON, name="outer", matchers='team="shop"', urgency="low")
    routing.save_route(TOCSIN, None, NOON, name="inner", parent=outer, service=shop, goes_on=True)
    urgency.save_urgency_rule(
        TOCSIN, None, NOON, name="Day", urgency=Urgency.HIGH, otherwise=Urgency.LOW, starts=time(9), ends=time(17)
    )
    book = rulebook(NOON)
    (held,) = book.silences
    assert (held.integration, held.by, held.reason, held.matchers[0].value) == (integration.pk, "Tocsin", "why", "b|c")
    (window,) = book.windows
    assert (window.services, window.weekly.minutes, window.weekly.zone) == ({"shop"}, 90, "Asia/Tokyo")  # type: ignore[union-attr]
    assert book.inhibitions[0].equal == ("host",)
    (route,) = book.routes
    assert (route.urgency, route.children[0].service, route.children[0].goes_on) == ("low", shop.pk, True)
    assert (book.urgency_rules[0].otherwise, book.urgency_rules[0].hours.starts) == ("low", time(9))


def test_it_is_kept_until_a_rule_changes() -> None:
    row = silence()
    first = rulebook(NOON)
    with CaptureQueriesContext(connection) as asked:
        assert rulebook(NOON) is first
    assert len(asked) == 1
    silences.extend(TOCSIN, row, HOUR, NOON)
    assert rulebook(NOON).silences[0].ends_at == NOON + 2 * HOUR


def test_what_is_over_or_switched_off_is_left_out() -> None:
    silences.expire(TOCSIN, silence(), NOON)
    silence('later="1"')
    inhibitions.save_inhibition(TOCSIN, None, NOON, name="Off", source='a="1"', target='b="2"', is_enabled=False)
    book = rulebook(NOON)
    assert [str(s.matchers[0]) for s in book.silences] == ['later="1"']
    assert not book.inhibitions


def test_a_row_that_cannot_be_read_holds_nothing_back_and_is_a_banner() -> None:
    good, bad = silence(), silence()
    Silence.objects.filter(pk=bad.pk).update(matchers="what is this")
    Maintenance.objects.create(name="Everything", starts_at=NOON, ends_at=NOON + HOUR, created_at=NOON)
    routing.save_route(TOCSIN, None, NOON, name="fine")
    Route.objects.create(name="broken", position=1, matchers="(")
    book = rulebook(NOON)
    assert [s.id for s in book.silences] == [good.pk]
    assert not book.windows
    assert [route.is_readable for route in book.routes] == [True, False]
    assert {p.title for p in open_problems()} == {
        "A silence cannot be read", "A maintenance window cannot be read", "A route cannot be read"
    }  # fmt: skip
