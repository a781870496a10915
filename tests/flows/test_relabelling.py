"""An open alert whose labels change is held against the rules again, as a new one would be."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.flows.test_inhibition import held, rule
from tests.flows.test_silences import silence, why
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, Trace
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency
from tocsin.rules.routing import save_route
from tocsin.rules.urgency import save_urgency_rule
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db

KEY = "checkout"


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]))


def fires(monitoring: Monitoring, severity: str = "critical", key: str = KEY, **labels: object) -> None:
    """The same alert with these labels: only the first time it is a new one."""
    monitoring.fires(f"{key} is down", severity, key, **labels)


def test_one_that_comes_to_match_a_silence_pages_no_more(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60, 'region="eu"')
    fires(monitoring, region="us")
    ada.expect_page("checkout is down")
    fires(monitoring, region="eu")
    world.forward(minutes=59)
    world.nothing_else()
    group, alert = world.group(), Alert.objects.get()
    assert (group.urgency, group.held, alert.held) == (Urgency.NONE, "silence", "silence")
    assert monitoring.source.reasons() == ["opened", "deduplicated"]
    assert why() == alert.held_reason == "Silenced by test until 2026-03-04 13:00 UTC: Moving the database."
    assert world.history()[-2:] == ["held", "held"]
    world.forward(minutes=1)
    ada.expect_page("checkout is down")  # it is still open when the silence ends
    world.nothing_else()


def test_one_that_matches_a_silence_no_more_pages_as_a_new_one(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    silence(world, 60, 'region="eu"')
    fires(monitoring, region="eu")
    world.nothing_else()
    fires(monitoring, region="us")
    ada.expect_page("checkout is down")
    world.nothing_else()
    alert = Alert.objects.get()
    assert (alert.held, alert.held_reason, alert.held_until, alert.review_at) == ("", "", None, None)
    assert why() == "Nothing holds it back any more."
    assert world.history() == ["opened", "released", "paged"]


def test_what_a_silence_said_is_said_anew_when_another_one_holds(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    silence(world, 60, 'region="eu"')
    silence(world, 30, 'region="us"')
    fires(monitoring, region="eu")
    fires(monitoring, region="us")
    assert (
        why() == Alert.objects.get().held_reason == "Silenced by test until 2026-03-04 12:30 UTC: Moving the database."
    )
    world.forward(minutes=29)
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("checkout is down")


def test_who_acknowledged_one_is_paged_when_a_silence_lets_it_go(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    silence(world, 60, 'region="eu"')
    fires(monitoring, region="eu")
    ada.acknowledges()
    fires(monitoring, region="us")
    ada.expect_page("checkout is down")
    assert world.group().state == GroupState.TRIGGERED


def test_one_that_comes_to_be_inhibited_and_leaves_it_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    fires(monitoring, key="eu", cluster="eu")
    ada.expect_page("eu is down")
    ada.acknowledges()
    fires(monitoring, "error", cluster="us")
    ada.expect_page("checkout is down")
    fires(monitoring, "error", cluster="eu")
    world.forward(minutes=20)
    world.nothing_else()
    assert held() == {"eu": "", KEY: "inhibition"}
    assert why() == "Inhibited by “eu is down”, which is open (rule “outage”)."
    fires(monitoring, "error", cluster="us")
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_a_source_whose_labels_change_inhibits_others(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    fires(monitoring, key="source", cluster="eu")
    ada.expect_page("source is down")
    ada.acknowledges()
    fires(monitoring, "error", "eu", cluster="eu")
    fires(monitoring, "error", "us", cluster="us")
    ada.expect_page("us is down")
    assert held() == {"source": "", "eu": "inhibition", "us": ""}
    fires(monitoring, key="source", cluster="us")
    ada.expect_page("eu is down")
    world.forward(minutes=4)
    assert held() == {"source": "", "eu": "", "us": "inhibition"}


def test_a_mark_that_holds_no_longer_is_gone(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world, source='role="primary"', target='role="replica"')
    fires(monitoring, key="one", role="primary", cluster="eu")
    ada.expect_page("one is down")
    ada.acknowledges()
    fires(monitoring, key="two", role="replica", cluster="eu")
    world.nothing_else()
    fires(monitoring, key="one", role="witness", cluster="eu")
    ada.expect_page("two is down")
    assert not Trace.objects.filter(alert__dedup_key="one").exists()


def test_what_changes_within_one_batch_is_judged_by_what_it_said_last(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    rule(world)
    for cluster in ("eu", "us"):
        monitoring.source.triggers("source", "critical", "source is down", at=world.now, cluster=cluster)
    for cluster in ("eu", "us", "eu"):
        monitoring.source.triggers("target", "error", "target is down", at=world.now, cluster=cluster)
    monitoring.source.triggers("other", "error", "other is down", at=world.now, cluster="us")
    world.settle()
    ada.expect_page("source is down")
    ada.expect_page("target is down")
    world.nothing_else()
    assert held() == {"source": "", "target": "", "other": "inhibition"}


def test_a_source_that_is_none_for_a_moment_inhibits_what_came_meanwhile(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    rule(world)
    fires(monitoring, key="source", cluster="eu")
    ada.expect_page("source is down")
    ada.acknowledges()
    for key, severity in (("source", "info"), ("target", "error"), ("source", "critical")):
        monitoring.source.triggers(key, severity, f"{key} is down", at=world.now, cluster="eu")
    world.settle()
    world.forward(minutes=4)
    assert held() == {"source": "", "target": "inhibition"}


def test_what_comes_as_its_group_is_resolved_gets_a_new_one(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada]), group_minutes=10, group_by=["region"])
    fires(monitoring, key="one", region="eu")
    ada.expect_page("one is down")
    monitoring.source.resolves("one", at=world.now)
    monitoring.source.triggers("two", "critical", "two is down", at=world.now, region="eu")
    world.settle()
    ada.expect_page("two is down")
    assert monitoring.source.reasons() == ["opened", "resolved", "opened"]


def test_urgency_that_rises_pages_at_once(world: World, ada: Person, monitoring: Monitoring) -> None:
    save_urgency_rule(SETUP, None, world.now, name="Shop", matchers='tier="1"', urgency=Urgency.HIGH)
    fires(monitoring, "info", tier="3")
    world.nothing_else()
    fires(monitoring, "info", tier="1")
    ada.expect_page("checkout is down")
    world.nothing_else()
    assert (world.group().urgency, Alert.objects.get().urgency) == (Urgency.HIGH, Urgency.HIGH)
    assert why() == "It has high urgency now. Rule “Shop” gives it high urgency."
    fires(monitoring, "info", tier="3")
    assert (world.group().urgency, Alert.objects.get().urgency) == (Urgency.HIGH, Urgency.NONE)
    world.nothing_else()  # a group is as urgent as the worst it has held


def test_a_route_that_comes_to_match_gives_its_urgency_and_moves_nothing(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    other = world.monitoring(world.policy([world.person("Grace")]), "Databases").service
    Integration.objects.update(is_routed=True)
    save_route(SETUP, None, world.now, name="Db", matchers='team="db"', service=other, urgency="high")
    silence(world, 60, 'service="databases"')
    fires(monitoring, "info", team="web")
    fires(monitoring, "info", team="db")
    ada.expect_page("checkout is down")
    world.nothing_else()
    assert world.group().service == monitoring.service


def test_a_pause_goes_on_for_one_whose_labels_change(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada]), pause_minutes=3)
    silence(world, 60, 'region="eu"')
    fires(monitoring, region="us")
    fires(monitoring, region="fr")
    assert Alert.objects.get().held == "pause"
    world.forward(minutes=2.9)
    world.nothing_else()
    world.forward(minutes=0.1)
    ada.expect_page("checkout is down")


def test_a_repeat_that_says_nothing_new_is_not_judged_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    fires(monitoring, region="eu", value="1")
    ada.expect_page("checkout")
    assert _asked(monitoring, "2") == (False, False)  # there is no rule that could ask
    silence(world, 60, 'region="us"')
    assert _asked(monitoring, "2") == (False, False)  # its digest tells
    assert _asked(monitoring, "3") == (False, True)
    Alert.objects.update(digest=None)  # one that was opened before there were any
    assert _asked(monitoring, "3") == (True, False)
    assert _asked(monitoring, "4") == (False, True)


def _asked(monitoring: Monitoring, value: str) -> tuple[bool, bool]:
    """Whether what the alert said so far was read, and whether its urgency and hold were written."""
    monitoring.source.triggers(KEY, "critical", "checkout is down", at=monitoring.world.now, region="eu", value=value)
    with CaptureQueriesContext(connection) as asked:
        monitoring.source.absorbed(monitoring.world.now)
    done = [query["sql"] for query in asked.captured_queries]
    return any("SELECT" in q and "details" in q for q in done), any("UPDATE" in q and "held_reason" in q for q in done)
