"""When everything of a service breaks at once, one page says so."""

import pytest

from tests.flows.test_silences import silence
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, AlertGroup
from tocsin.core.conditions import Condition
from tocsin.core.escalation import STEWARDS
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Severity
from tocsin.engine import tick
from tocsin.paging import actions
from tocsin.policies.actions import StepSpec, save_steps
from tocsin.rules import silences

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada], [ada], delay=120), storm_threshold=5)


def storm() -> AlertGroup:
    return AlertGroup.objects.filter(title__startswith="Storm").latest("pk")


def fire(monitoring: Monitoring, count: int, begin: int = 0, severity: str = "critical") -> None:
    """That many new alerts, in one batch."""
    for number in range(begin, begin + count):
        monitoring.source.triggers(f"k{number}", severity, f"alert {number}", at=monitoring.world.now)
    monitoring.world.settle()


def test_a_storm_is_one_page_and_says_when_it_is_over(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 50)
    page = ada.expect_page("Checkout: Storm: 50 alerts of Checkout, the first of them “alert 0”")
    name, said = page.facts[0]
    assert name == "Storm"
    assert said.startswith("More than 5 new alerts within 5 minutes; 50 so far. All that come now join this page")
    world.forward(minutes=4)
    world.nothing_else()
    eye = AlertGroup.objects.get(title__startswith="Storm")
    assert eye.title == "Storm: 50 alerts of Checkout, the first of them “alert 0”"
    assert eye.alert_count == 46  # the first, and all since it was known
    assert Alert.objects.filter(held="storm").count() == 4  # those that waited
    assert AlertGroup.objects.exclude(pk=eye.pk).filter(held="storm", urgency="none").count() == 4
    fire(monitoring, 10, 50)
    world.nothing_else()
    eye.refresh_from_db()
    assert "60 alerts" in eye.title
    world.forward(minutes=5)
    said = list(eye.entries.filter(kind="storm").order_by("id").values_list("text", flat=True))
    assert said[0].startswith("A storm: many new alerts came at once.")
    assert said[1] == "The storm is over: 60 alerts came within 4 minutes. New alerts page as usual again."
    fire(monitoring, 1, 100)
    ada.expect_page("alert 100")
    world.nothing_else()


def test_the_first_alert_pages_at_once_and_a_second_one_waits(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    ada.expect_page("alert 0")
    fire(monitoring, 1, 1)
    world.forward(seconds=2.9)
    world.nothing_else()
    assert monitoring.source.reasons() == ["opened", "waiting for a storm"]
    world.forward(seconds=0.1)
    ada.expect_page("alert 1")  # no storm came
    world.nothing_else()


def test_a_storm_that_comes_over_several_batches(world: World, ada: Person, monitoring: Monitoring) -> None:
    for number in range(20):
        fire(monitoring, 1, number)
        world.forward(seconds=0.1)
    ada.expect_page("alert 0")
    world.forward(minutes=4)
    world.nothing_else()
    assert Alert.objects.filter(held="storm").count() == 4
    assert not Alert.objects.filter(held="settling").exists()


def test_what_came_while_the_first_alert_was_read_is_known_to_its_page(
    world: World, ada: Person, monitoring: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "BATCH", 4)  # fewer than a storm
    fire(monitoring, 20)
    assert "Storm" in dict(ada.expect_page("Storm: 8 alerts of Checkout").facts)
    world.nothing_else()


def test_a_page_that_left_before_the_storm_leads_to_a_group_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    page = ada.expect_page("Checkout: alert 0")
    assert "Storm" not in dict(page.facts)
    fire(monitoring, 20, 1)
    world.nothing_else()
    assert page.url.endswith(storm().get_absolute_url())
    assert storm().title == "Storm: 21 alerts of Checkout, the first of them “alert 0”"
    world.forward(minutes=120)
    again = ada.expect_page("Checkout: Storm: 21 alerts of Checkout, the first of them “alert 0”")  # the second step
    assert "Storm" not in dict(again.facts)  # it is over


def test_each_service_has_its_own_storm(world: World, ada: Person, monitoring: Monitoring) -> None:
    grace = world.person("Grace")
    search = world.monitoring(world.policy([grace], delay=120), "Search", storm_threshold=5)
    for number in range(30):
        monitoring.source.triggers(f"k{number}", "critical", f"checkout {number}", at=world.now)
        search.source.triggers(f"k{number}", "critical", f"search {number}", at=world.now)
    world.settle()
    world.forward(minutes=1)
    ada.expect_page("checkout 0")
    grace.expect_page("search 0")
    world.nothing_else()


def test_those_that_waited_page_when_the_group_of_the_storm_is_resolved(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    world.forward(minutes=10)  # the storm is over, and its group is open
    world.nothing_else()
    actions.resolve(AlertGroup.objects.get(title__startswith="Storm").pk, ada.actor, world.now)
    monitoring.recovers("k1")
    world.forward(seconds=10)
    for number in (2, 3, 4):
        ada.expect_page(f"alert {number}")
    world.nothing_else()


def test_who_acknowledges_a_storm_is_left_alone(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    ada.acknowledges(AlertGroup.objects.get(title__startswith="Storm"))
    fire(monitoring, 20, 20)
    world.forward(minutes=10)
    world.nothing_else()


def test_a_storm_that_turns_urgent_pages_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20, severity="warning")
    ada.expect_page("alert 0")
    fire(monitoring, 3, 20, "error")
    ada.expect_page("Storm: 2")
    fire(monitoring, 3, 30, "error")
    world.nothing_else()


def test_a_storm_that_gets_worse_pages_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20, severity="error")
    ada.expect_page("Storm: 20")
    ada.acknowledges(storm())
    fire(monitoring, 3, 20, "error")
    world.nothing_else()
    fire(monitoring, 3, 30, "critical")
    page = ada.expect_page("Storm: 2")
    assert (page.severity, page.urgency) == ("critical", "high")
    world.nothing_else()
    eye = storm()
    assert (eye.severity, eye.state) == ("critical", GroupState.TRIGGERED)
    assert set(eye.alerts.values_list("state", flat=True)) == {"triggered"}
    assert eye.entries.filter(text="The storm has alerts of severity critical and high urgency now.").exists()
    monitoring.recovers("k30")
    assert storm().state == GroupState.TRIGGERED  # the answer from before does not count again
    ada.acknowledges(eye)
    fire(monitoring, 3, 40, "critical")
    world.nothing_else()


def test_a_step_for_the_worst_only_is_run_when_a_storm_becomes_it(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    grace = world.person("Grace")
    policy = monitoring.service.policy
    steps = [
        StepSpec(delay_minutes=120, targets=(grace.target,), when=Condition(severity=Severity.CRITICAL)),
        StepSpec(delay_minutes=120, targets=(ada.target,)),
    ]
    save_steps(SETUP, policy, steps, (STEWARDS,), world.now)
    fire(monitoring, 20, severity="error")
    ada.expect_page("Storm: 20")
    fire(monitoring, 3, 20, "critical")
    grace.expect_page("Storm: 2")
    world.nothing_else()


def test_a_storm_is_as_bad_as_those_that_waited_for_it(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 1, severity="warning")
    ada.expect_page("alert 0")
    fire(monitoring, 3, 1, "critical")
    world.nothing_else()
    fire(monitoring, 10, 10, "warning")
    assert ada.expect_page("Storm: 14").severity == "critical"
    world.forward(minutes=1)
    world.nothing_else()


def test_a_storm_is_as_bad_as_what_one_that_waited_for_it_becomes(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 20, severity="warning")
    ada.expect_page("Storm: 20")
    fire(monitoring, 1, 2, "critical")  # the same alert as before
    assert monitoring.source.reasons()[-1] == "severity raised"
    assert ada.expect_page("Storm: 20").severity == "critical"
    world.nothing_else()
    assert Alert.objects.get(dedup_key="k2").held == "storm"


def test_a_storm_takes_in_alerts_for_an_hour_at_most(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.service.policy = world.policy([ada], delay=1440, ack_timeout=1440)
    monitoring.service.save()
    fire(monitoring, 20)
    ada.expect_page("Storm: 20")
    ada.acknowledges(storm())
    for number in range(14):
        world.forward(minutes=4)
        fire(monitoring, 1, 100 + number)
    world.nothing_else()
    world.forward(minutes=4)  # an hour since it began
    assert storm().entries.filter(kind="storm").last().text == (  # type: ignore[union-attr]
        "It takes in no more: 34 alerts came within 56 minutes. The next one pages anew."
    )
    fire(monitoring, 1, 200)
    ada.expect_page("Checkout: alert 200")
    fire(monitoring, 20, 300)
    world.forward(minutes=1)
    world.nothing_else()  # as many as before are a storm again, of which that was the page
    assert AlertGroup.objects.filter(title="Storm: 21 alerts of Checkout, the first of them “alert 200”").exists()


def test_a_storm_that_gathers_slowly_has_a_page_that_says_so(world: World, ada: Person, monitoring: Monitoring) -> None:
    for number in range(5):
        fire(monitoring, 1, number)
        ada.expect_page(f"Checkout: alert {number}")
        world.forward(seconds=30)
    fire(monitoring, 1, 5)
    ada.expect_page("Checkout: Storm: 6 alerts of Checkout, the first of them “alert 0”")
    for number in range(6, 30):
        fire(monitoring, 1, number)
        world.forward(seconds=30)
    world.nothing_else()
    assert storm().alert_count == 25


def test_a_storm_whose_first_alert_was_answered_has_a_page_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    ada.expect_page("Checkout: alert 0")
    ada.acknowledges()
    world.forward(seconds=2)
    fire(monitoring, 20, 1)
    ada.expect_page("Checkout: Storm: 21 alerts of Checkout, the first of them “alert 0”")
    world.forward(minutes=4)
    world.nothing_else()


def test_the_history_of_a_storm_names_who_joins_it(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20)
    ada.expect_page("Storm: 20")
    fire(monitoring, 1, 20)
    fire(monitoring, 2, 21)
    lines = list(storm().entries.filter(kind="joined").order_by("id").values_list("text", flat=True))
    assert lines == [
        "15 alerts joined the storm: “alert 5”, “alert 6”, “alert 7”, “alert 8”, “alert 9” and 10 more.",
        "“alert 20” joined the storm.",
        "2 alerts joined the storm: “alert 21”, “alert 22”.",
    ]


def test_a_storm_of_what_nobody_is_paged_for_is_none(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20, severity="info")
    world.forward(minutes=1)
    world.nothing_else()
    assert AlertGroup.objects.count() == 20


def test_when_everything_recovers_the_storm_does(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    for number in range(20):
        monitoring.source.resolves(f"k{number}", at=world.now)
    world.settle()
    assert {g.state for g in AlertGroup.objects.all()} == {GroupState.RESOLVED}
    world.forward(minutes=20)
    world.nothing_else()


def test_a_storm_whose_group_was_resolved_goes_on_in_another_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    actions.resolve(AlertGroup.objects.get(title__startswith="Storm").pk, ada.actor, world.now)
    fire(monitoring, 1, 20)
    page = ada.expect_page("alert 0")
    assert "Storm: 21 alerts of Checkout, the first of them “alert 0”" in page.title
    fire(monitoring, 5, 21)
    world.forward(minutes=4)
    world.nothing_else()  # nor do those that waited page: they are part of it
    assert world.group().title == "Storm: 26 alerts of Checkout, the first of them “alert 0”"


def test_a_storm_that_breaks_when_the_first_alert_is_over_pages_as_a_storm(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    ada.expect_page("alert 0")
    actions.resolve(world.group().pk, ada.actor, world.now)
    fire(monitoring, 10, 1)
    ada.expect_page("Storm: 11 alerts of Checkout, the first of them “alert 0”")
    world.forward(minutes=4)
    world.nothing_else()
    assert world.group().entries.filter(kind="storm").exists()


def test_those_that_are_let_go_at_once_are_a_storm_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    made = silence(world, 60)
    fire(monitoring, 20)
    world.nothing_else()
    silences.expire(SETUP, made, world.now)
    world.settle()
    ada.expect_page("alert 0")
    world.forward(minutes=4)
    world.nothing_else()
    assert Alert.objects.get(dedup_key="k0").group.title == "Storm: 20 alerts of Checkout, the first of them “alert 0”"
    assert Alert.objects.filter(held="storm").count() == 19


def test_one_that_is_let_go_in_calm_weather_pages(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 2, 'region="eu"')
    monitoring.fires("eu is down", region="eu")
    world.forward(minutes=1)
    monitoring.fires("us is down")
    ada.expect_page("us is down")
    world.forward(minutes=1)
    ada.expect_page("eu is down")
    world.nothing_else()


def test_the_title_of_a_storm_is_no_longer_than_one_may_be(world: World, ada: Person, monitoring: Monitoring) -> None:
    for number in range(10):
        monitoring.source.triggers(f"k{number}", "critical", "x" * 1024, at=world.now)
    world.settle()
    ada.expect_page("xxx")
    title = AlertGroup.objects.get(title__startswith="Storm").title
    assert len(title) == 1024
    assert title.endswith("x…”")
