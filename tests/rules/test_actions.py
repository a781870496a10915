"""Rules are made, changed and ended in words, by whoever may, and each change is a new edition."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from tests.apps.domain import role
from tests.apps.hearing import NOON, make_integration, make_service, minutes
from tocsin.audit.models import Record
from tocsin.core.permissions import NOBODY, TOCSIN, Denied, Role
from tocsin.core.sane import LAST
from tocsin.core.signals import Urgency
from tocsin.people.problems import Refused
from tocsin.rules import editions, inhibitions, maintenance, queries, routing, silences, urgency
from tocsin.rules.models import Maintenance, Route, Silence, UrgencyRule
from tocsin.rules.queries import SilenceFilters
from tocsin.services import actions as services
from tocsin.services.models import Service

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
RESPONDER = role(Role.RESPONDER)


def silenced(matchers: str = 'service="checkout"', **changes: object) -> Silence:
    given = {"starts_at": NOON, "ends_at": NOON + HOUR, "reason": "Known, being fixed", "now": NOON}
    return silences.create_silence(RESPONDER, matchers, **{**given, **changes})  # type: ignore[arg-type]


def states(now: object = NOON) -> dict[str, list[str]]:
    found = {s: queries.silences(TOCSIN, SilenceFilters(state=s), now) for s in queries.STATES}  # type: ignore[arg-type]
    return {state: [row.matchers for row in rows] for state, rows in found.items()}


def test_a_silence_is_pending_then_active_then_expired() -> None:
    silenced('a="now"')
    silenced('a="later"', starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    assert states() == {"active": ['a="now"'], "pending": ['a="later"'], "expired": []}
    assert states(NOON + HOUR) == {"active": ['a="later"'], "pending": [], "expired": ['a="now"']}
    assert [queries.state_of(s, NOON) for s in Silence.objects.order_by("id")] == ["active", "pending"]


def test_a_silence_that_was_to_start_in_the_past_starts_now() -> None:
    assert silenced(starts_at=NOON - HOUR).starts_at == NOON


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"matchers": "service"}, "matchers"),  # no matcher at all
        ({"matchers": ""}, "matchers"),  # everything
        ({"matchers": 'env!="test"'}, "matchers"),  # nearly everything
        ({"matchers": 'a=~"("'}, "matchers"),  # no expression
        ({"ends_at": NOON}, "ends_at"),
        ({"starts_at": NOON + 2 * HOUR}, "ends_at"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_a_silence_that_says_something_else_than_was_meant_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        silenced(**changes)  # type: ignore[arg-type]
    assert field in refused.value.fields
    assert not Silence.objects.exists()


def test_a_silence_is_extended_and_expired_and_then_stays_as_it_was() -> None:
    row = silenced()
    silences.extend(RESPONDER, row, HOUR, NOON + minutes(5))
    assert row.ends_at == NOON + 2 * HOUR
    silences.change_silence(RESPONDER, row, NOON + minutes(6), starts_at=NOON + HOUR, reason="Still")
    assert (row.starts_at, row.reason) == (NOON, "Still")  # it had begun
    silences.expire(RESPONDER, row, NOON + minutes(10))
    assert row.ends_at == NOON + minutes(10)
    for attempt in (
        lambda: silences.expire(RESPONDER, row, NOON + HOUR),
        lambda: silences.extend(RESPONDER, row, HOUR, NOON + HOUR),
    ):
        with pytest.raises(Refused, match="over already"):
            attempt()
    assert [r.verb for r in Record.objects.order_by("id")] == ["created", "changed", "changed", "expired"]


def test_a_silence_that_never_began_ends_without_having_been() -> None:
    row = silenced(starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    silences.expire(RESPONDER, row, NOON + minutes(1))
    assert (row.starts_at, row.ends_at) == (NOON + minutes(1), NOON + minutes(1))


def test_every_change_is_an_edition_and_a_refused_one_is_none() -> None:
    marks = [editions.mark()]

    def is_new() -> bool:
        marks.append(editions.mark())
        return marks[-1] not in marks[:-1]

    row = silenced()
    assert is_new()
    silences.extend(RESPONDER, row, HOUR, NOON)
    assert is_new()
    inhibition = inhibitions.save_inhibition(RESPONDER, None, NOON, name="Down", source='a="1"', target='b="1"')
    assert is_new()
    inhibitions.delete_inhibition(RESPONDER, inhibition, NOON)
    assert is_new()
    routing.save_route(RESPONDER, None, NOON, name="Everything")
    assert is_new()
    urgency.save_urgency_rule(RESPONDER, None, NOON, name="Tests", urgency=Urgency.NONE)
    assert is_new()
    window(make_service())
    assert is_new()
    with pytest.raises(Refused):
        inhibitions.save_inhibition(RESPONDER, None, NOON, name="", source='a="1"', target='b="1"')
    assert not is_new()


def window(*services: object, **fields: object) -> Maintenance:
    given = {"name": "Upgrade", "starts_at": NOON, "ends_at": NOON + HOUR}
    return maintenance.create_maintenance(RESPONDER, services, NOON, **{**given, **fields})  # type: ignore[arg-type]


def test_a_maintenance_window_holds_its_services_and_the_audit_log_names_them() -> None:
    shop, search = make_service("shop"), make_service("search")
    row = window(shop)
    maintenance.change_maintenance(RESPONDER, row, [search], NOON, name="Reindex")
    assert [s.name for s in queries.maintenance(TOCSIN, row.pk).services.all()] == ["search"]
    last = Record.objects.order_by("id").last()
    assert last is not None
    assert (last.before, last.after) == ({"services": ["shop"]}, {"services": ["search"]})
    with pytest.raises(Refused, match="still used"):
        services.delete_service(TOCSIN, search, NOON)  # the window would be for more than it was
    maintenance.end_early(RESPONDER, row, NOON + minutes(5))
    assert row.cut_at == NOON + minutes(5)
    maintenance.delete_maintenance(RESPONDER, row, NOON)
    services.delete_service(TOCSIN, search, NOON)


WEEKLY = {
    "starts_at": None,
    "ends_at": None,
    "weekdays": [6, 0, 6],
    "opens": time(2),
    "minutes": 90,
    "zone": "Asia/Tokyo",
}


def test_a_weekly_window_keeps_its_days_in_order() -> None:
    row = window(matchers='team="shop"', **WEEKLY)
    assert (row.weekdays, row.minutes, row.zone) == ([0, 6], 90, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "name"),
        ({"matchers": ""}, "worked on"),
        ({"matchers": 'a!="b"'}, "about every alert"),
        ({"ends_at": None}, "from when to when"),
        ({"ends_at": NOON - HOUR}, "before it starts"),
        ({"starts_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}, "in the past"),
        ({**WEEKLY, "weekdays": [7]}, "Weekdays"),
        ({**WEEKLY, "opens": None}, "what time"),
        ({**WEEKLY, "minutes": 0}, "minute to a week"),
        ({**WEEKLY, "zone": "Mars/Olympus"}, "time zone"),
    ],
)
def test_a_window_that_says_too_little_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        window(**{"matchers": 'a="b"', **changes})
    assert not Maintenance.objects.exists()


def route(name: str, **fields: object) -> Route:
    return routing.save_route(RESPONDER, None, NOON, name=name, **fields)  # type: ignore[arg-type]


def order() -> list[str]:
    return [r.name for r in queries.routes(TOCSIN)]


def test_routes_are_moved_among_their_siblings_and_to_other_parents() -> None:
    one, two, three = route("one"), route("two"), route("three")
    routing.move_route(RESPONDER, three, -1, NOON)
    routing.move_route(RESPONDER, one, -1, NOON)  # at its end
    assert order() == ["one", "three", "two"]
    routing.save_route(RESPONDER, two, NOON, name="two", parent=one)
    below = route("below", parent=one)
    assert [r.name for r in routing.siblings(one)] == ["two", "below"]
    with pytest.raises(Refused, match="below itself"):
        routing.save_route(RESPONDER, one, NOON, name="one", parent=below)
    routing.delete_route(RESPONDER, one, NOON)
    assert order() == ["three"]


def test_routes_are_not_nested_without_end() -> None:
    last = None
    for number in range(routing.DEEPEST):
        last = route(str(number), parent=last)
    with pytest.raises(Refused, match="deep"):
        route("too deep", parent=last)
    tall = route("tall")
    route("below", parent=tall)
    with pytest.raises(Refused, match="deep"):
        routing.save_route(RESPONDER, tall, NOON, name="tall", parent=last.parent if last else None)


def test_a_service_or_policy_that_a_route_leads_to_is_kept() -> None:
    integration = make_integration()
    route("shop", service=make_service("shop"), policy=integration.service.policy)
    with pytest.raises(Refused, match="still used by shop"):
        services.delete_service(TOCSIN, Service.objects.get(name="shop"), NOON)


def test_urgency_rules_keep_their_order_and_their_hours() -> None:
    first = urgency.save_urgency_rule(RESPONDER, None, NOON, name="first", urgency=Urgency.LOW)
    hours = {"starts": time(9), "ends": time(17), "weekdays": [4, 0], "otherwise": Urgency.LOW}
    second = urgency.save_urgency_rule(RESPONDER, None, NOON, name="second", urgency=Urgency.HIGH, **hours)
    urgency.move_urgency_rule(RESPONDER, second, -1, NOON)
    assert [(r.name, r.weekdays, r.otherwise) for r in queries.urgency_rules(TOCSIN)] == [
        ("second", [0, 4], "low"), ("first", [], "")
    ]  # fmt: skip
    with pytest.raises(Refused, match="both a start"):
        urgency.save_urgency_rule(RESPONDER, first, NOON, name="first", urgency=Urgency.LOW, starts=time(9))
    with pytest.raises(Refused, match="end as they start"):
        urgency.save_urgency_rule(RESPONDER, first, NOON, name="f", urgency=Urgency.LOW, starts=time(9), ends=time(9))
    urgency.delete_urgency_rule(RESPONDER, first, NOON)
    assert UrgencyRule.objects.count() == 1


@pytest.mark.parametrize("at", [datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC), LAST + HOUR])
def test_no_rule_begins_or_ends_where_calendars_do(at: datetime) -> None:
    weekly = {"name": "n", "matchers": 'a="b"', "weekdays": [1], "opens": time(2), "minutes": 60}
    for field in ("starts_at", "ends_at"):
        with pytest.raises(Refused, match="between 1970-01-02 and 2999-12-31"):
            maintenance.create_maintenance(RESPONDER, [], NOON, **weekly, **{field: at})
    with pytest.raises(Refused, match="between 1970-01-02 and 2999-12-31"):
        silences.create_silence(RESPONDER, 'a="b"', NOON, at, "why", NOON)
    held = silences.create_silence(RESPONDER, 'a="b"', NOON, LAST, "For ever.", NOON)
    with pytest.raises(Refused, match="between"):
        silences.extend(RESPONDER, held, HOUR, NOON)


ROUTE, RULE = Route(name="r", position=0), UrgencyRule(name="u", position=0)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda who: silences.create_silence(who, 'a="b"', NOON, NOON + HOUR, "why", NOON),
        lambda who: silences.change_silence(who, Silence(), NOON),
        lambda who: silences.expire(who, Silence(), NOON),
        lambda who: maintenance.create_maintenance(who, [], NOON),
        lambda who: maintenance.change_maintenance(who, Maintenance(), [], NOON),
        lambda who: maintenance.end_early(who, Maintenance(), NOON),
        lambda who: maintenance.delete_maintenance(who, Maintenance(), NOON),
        lambda who: inhibitions.save_inhibition(who, None, NOON, name="n", source="", target=""),
        lambda who: inhibitions.delete_inhibition(who, inhibitions.Inhibition(), NOON),
        lambda who: routing.save_route(who, None, NOON, name="n"),
        lambda who: routing.move_route(who, ROUTE, 1, NOON),
        lambda who: routing.delete_route(who, ROUTE, NOON),
        lambda who: urgency.save_urgency_rule(who, None, NOON, name="n", urgency=Urgency.LOW),
        lambda who: urgency.move_urgency_rule(who, RULE, 1, NOON),
        lambda who: urgency.delete_urgency_rule(who, RULE, NOON),
    ],
)
def test_who_only_looks_changes_nothing(attempt: Callable[[object], object]) -> None:
    for who in (NOBODY, role(Role.OBSERVER)):
        with pytest.raises(Denied):
            attempt(who)


def test_nobody_sees_nothing() -> None:
    for look in (queries.maintenances, queries.inhibitions, queries.routes, queries.urgency_rules):
        with pytest.raises(Denied):
            look(NOBODY)
    with pytest.raises(Denied):
        queries.silences(NOBODY, SilenceFilters(), NOON)
