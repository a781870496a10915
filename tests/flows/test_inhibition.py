"""While a worse alert about the same is open, the lesser ones page nobody."""

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, Outcome, Trace
from tocsin.paging import actions
from tocsin.rules import inhibitions, rulebook
from tocsin.rules.models import Inhibition

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]))


def rule(world: World, row: Inhibition | None = None, **changes: object) -> Inhibition:
    fields: dict[str, object] = {
        "name": "outage", "source": 'severity="critical"', "target": 'severity=~"warning|error"', "equal": ["cluster"],
    } | changes  # fmt: skip
    made = inhibitions.save_inhibition(SETUP, row, world.now, **fields)  # type: ignore[arg-type]
    world.settle()
    return made


def held() -> dict[str, str]:
    return dict(Alert.objects.filter(resolved_at=None).order_by("id").values_list("dedup_key", "held"))


def test_an_inhibited_alert_pages_when_its_source_resolves(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    monitoring.fires("eu is slow", "error", cluster="eu")
    monitoring.fires("us is slow", "error", cluster="us")  # another cluster
    ada.expect_page("us is slow")
    ada.acknowledges()
    ada.acknowledges(Alert.objects.get(dedup_key="eu is down").group)
    world.forward(minutes=20)
    world.nothing_else()
    assert held() == {"eu is down": "", "eu is slow": "inhibition", "us is slow": ""}
    said = Outcome.objects.get(alert__dedup_key="eu is slow").why
    assert said == "Inhibited by “eu is down”, which is open (rule “outage”)."
    monitoring.recovers("eu is down")
    ada.expect_page("eu is slow")
    world.nothing_else()


def test_it_pages_too_when_a_person_resolves_the_source(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    group = world.group()
    monitoring.fires("eu is slow", "error", cluster="eu")
    actions.resolve(group.pk, ada.actor, world.now)
    world.settle()
    ada.expect_page("eu is slow")
    world.nothing_else()


def test_it_is_right_right_after_a_restart(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    ada.acknowledges()
    rulebook._kept.clear()  # what a new process begins with
    monitoring.fires("eu is slow", "error", cluster="eu")
    world.nothing_else()
    assert held()["eu is slow"] == "inhibition"


def test_a_source_that_comes_later_holds_back_what_is_open(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.fires("eu is slow", "error", cluster="eu")
    ada.expect_page("eu is slow")
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    ada.acknowledges()
    world.forward(minutes=20)
    world.nothing_else()  # the slow one has stopped paging
    assert held() == {"eu is slow": "inhibition", "eu is down": ""}


def test_both_in_one_message_batch(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.source.triggers("slow", "error", "eu is slow", at=world.now, cluster="eu")
    monitoring.source.triggers("down", "critical", "eu is down", at=world.now, cluster="eu")
    monitoring.source.triggers("slower", "error", "eu is slower", at=world.now, cluster="eu")
    world.settle()
    ada.expect_page("eu is down")
    world.nothing_else()
    assert held() == {"slow": "inhibition", "down": "", "slower": "inhibition"}


def test_a_source_that_gets_better_inhibits_no_more(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world)
    monitoring.fires("eu is down", "critical", "down", cluster="eu")
    ada.expect_page("eu is down")
    monitoring.fires("eu is slow", "error", cluster="eu")
    world.nothing_else()
    monitoring.fires("eu is down", "warning", "down", cluster="eu")
    ada.expect_page("eu is slow")
    world.nothing_else()


def test_a_rule_that_is_changed_holds_for_what_is_open(world: World, ada: Person, monitoring: Monitoring) -> None:
    row = rule(world)
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    ada.acknowledges()
    monitoring.fires("eu is slow", "error", cluster="eu")
    world.nothing_else()
    rule(world, row, is_enabled=False)
    ada.expect_page("eu is slow")
    rule(world, row, is_enabled=True)
    world.forward(minutes=20)
    world.nothing_else()
    assert held()["eu is slow"] == "inhibition"


def test_without_rules_nothing_is_kept_for_them(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("eu is down", cluster="eu")
    ada.expect_page("eu is down")
    assert not Trace.objects.exists()


def layers(world: World, *names: str) -> None:
    """Each one inhibits the next, and the last one the first."""
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        rule(world, name=name, source=f'layer="{name}"', target=f'layer="{other}"', equal=[])


def test_of_two_that_inhibit_each_other_by_two_rules_one_pages(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    layers(world, "network", "power")
    monitoring.fires("network is down", layer="network")
    ada.expect_page("network is down")
    monitoring.fires("power is down", layer="power")
    world.nothing_else()
    world.forward(minutes=5)
    assert held() == {"network is down": "", "power is down": "inhibition"}
    monitoring.recovers("network is down")
    ada.expect_page("power is down")
    monitoring.fires("network is down", layer="network")
    world.nothing_else()
    assert held() == {"power is down": "", "network is down": "inhibition"}


@pytest.mark.parametrize("names", [("network", "power"), ("network", "power", "cooling")])
def test_of_several_that_inhibit_each_other_in_a_ring_one_pages(
    world: World, ada: Person, monitoring: Monitoring, names: tuple[str, ...]
) -> None:
    for name in names:
        monitoring.source.triggers(name, "critical", f"{name} is down", at=world.now, layer=name)
    world.settle()
    for name in names:
        ada.expect_page(f"{name} is down")
        ada.acknowledges(Alert.objects.get(dedup_key=name).group)
    layers(world, *names)  # all of them are open as the rules are made
    assert sorted(held().values()) == ["", *["inhibition"] * (len(names) - 1)]


def test_of_those_that_come_together_in_a_ring_one_pages(world: World, ada: Person, monitoring: Monitoring) -> None:
    layers(world, "network", "power", "cooling")
    for name in ("network", "power", "cooling"):
        monitoring.source.triggers(name, "critical", f"{name} is down", at=world.now, layer=name)
    world.settle()
    ada.expect_page("network is down")
    world.nothing_else()
    world.forward(minutes=4)
    assert held() == {"network": "", "power": "inhibition", "cooling": "inhibition"}


def test_one_that_is_inhibited_still_inhibits_others(world: World, ada: Person, monitoring: Monitoring) -> None:
    rule(world, name="site", source='layer="site"', target='layer="host"', equal=[])
    rule(world, name="host", source='layer="host"', target='layer="service"', equal=[])
    for layer in ("site", "host", "service"):
        monitoring.fires(f"{layer} is down", layer=layer)
    ada.expect_page("site is down")
    world.nothing_else()
    assert held() == {"site is down": "", "host is down": "inhibition", "service is down": "inhibition"}
