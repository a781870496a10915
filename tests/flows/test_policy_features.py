"""What policies can say beside “then the next”: told on real rows, with everything that follows."""

from datetime import time, timedelta

import pytest

from tests.apps import domain
from tests.world import SETUP, Person, World
from tocsin.channels.contract import Retry
from tocsin.core.conditions import Condition
from tocsin.core.escalation import Reason, Step, Target, TargetKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Severity
from tocsin.outbox.models import Message
from tocsin.paging import queries
from tocsin.paging.following import UNREADABLE
from tocsin.people.models import ContactMethod
from tocsin.policies import places, snapshots
from tocsin.policies.actions import StepSpec, change_policy, save_steps
from tocsin.policies.models import EscalationPolicy, PolicyVersion
from tocsin.policies.models import Step as StepRow


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Person]:
    return world.person("Ada"), world.person("Grace"), world.owner("Olga")


Cast = tuple[Person, Person, Person]


def with_steps(world: World, *steps: StepSpec, **fields: object) -> EscalationPolicy:
    made = world.policy()
    save_steps(SETUP, made, steps, (), world.now)
    return change_policy(SETUP, made, world.now, **fields)


def pages(*people: Person, **fields: object) -> StepSpec:
    return StepSpec(delay_minutes=5, targets=tuple(p.target for p in people), **fields)  # type: ignore[arg-type]


def test_two_have_to_acknowledge(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    monitoring = world.monitoring(with_steps(world, pages(ada, grace, answers=2)))
    monitoring.fires()
    ada.expect_page("checkout")
    grace.expect_page("checkout")
    assert ada.acknowledges().reason is Reason.PARTLY_ACKNOWLEDGED
    assert ada.acknowledges().reason is Reason.ALREADY_ACKNOWLEDGED
    assert world.group().state == GroupState.TRIGGERED
    assert world.group().entries.filter(text__contains="1 more has to").count() == 1
    assert grace.acknowledges().reason is Reason.ACKNOWLEDGED
    assert world.group().state == GroupState.ACKNOWLEDGED
    world.forward(minutes=29)
    world.nothing_else()


def test_one_of_two_is_not_enough_and_the_catch_all_hears_of_it(world: World, cast: Cast) -> None:
    ada, grace, olga = cast
    monitoring = world.monitoring(with_steps(world, pages(ada, grace, answers=2), repeats=0))
    monitoring.fires()
    ada.expect_page("checkout")
    grace.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=5)
    olga.expect_page("checkout")


def test_who_answered_for_one_of_two_can_answer_the_catch_all(world: World, cast: Cast) -> None:
    _, grace, olga = cast
    world.monitoring(with_steps(world, pages(olga, grace, answers=2), repeats=0)).fires()
    olga.expect_page("checkout")
    grace.expect_page("checkout")
    assert olga.acknowledges().reason is Reason.PARTLY_ACKNOWLEDGED
    world.forward(minutes=5)
    olga.expect_page("checkout")  # as an owner, and one answer is enough
    assert olga.acknowledges().reason is Reason.ACKNOWLEDGED
    world.forward(minutes=29)
    world.nothing_else()


def test_who_answered_for_one_of_two_can_answer_the_next_step(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    world.monitoring(with_steps(world, pages(ada, grace, answers=2), pages(ada))).fires()
    ada.expect_page("checkout")
    grace.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=5)
    ada.expect_page("checkout")
    assert ada.acknowledges().reason is Reason.ACKNOWLEDGED
    assert world.group().state == GroupState.ACKNOWLEDGED


def test_the_tab_of_who_has_answered_rings_no_more_while_others_have_to(world: World, cast: Cast) -> None:
    ada, grace = world.person("Linus", methods=()), cast[1]
    ContactMethod.objects.create(
        user=ada.user, kind="inapp", label="In the app", verified_at=world.now, created_at=world.now
    )
    world.monitoring(with_steps(world, pages(ada, grace, answers=2))).fires()
    grace.expect_page("checkout")
    ((_, rung),) = world.network.takes_all()  # in the tab
    assert rung.title == "Checkout: checkout is down"
    assert [ring.title for ring in queries.ringing(ada.user.pk)] == ["Checkout: checkout is down"]
    assert ada.acknowledges().reason is Reason.PARTLY_ACKNOWLEDGED
    assert queries.ringing(ada.user.pk) == []


def test_a_step_for_errors_only_is_passed_over_with_its_reason(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    errors = Condition(severity=Severity.ERROR)
    monitoring = world.monitoring(with_steps(world, pages(ada, when=errors), pages(grace)))
    monitoring.fires("disk fills", "warning")
    grace.expect_page("disk fills")
    world.nothing_else()
    said = world.group().entries.get(kind="skipped").text
    assert said == "Step 1 was passed over: it is for error and worse only."
    monitoring.fires("disk is full", "critical")
    ada.expect_page("disk is full")


def test_a_team_takes_turns(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    team = world.team("Platform", ada, grace)
    turn = Target(kind=TargetKind.TURN, id=team.pk, name=team.name)
    monitoring = world.monitoring(with_steps(world, StepSpec(delay_minutes=5, targets=(turn,))), group_minutes=0)
    for number in range(4):
        monitoring.fires(f"disk {number}")
    paged = [address.partition(".")[0] for address, _ in world.network.takes_all()]
    assert paged == ["ada", "grace", "ada", "grace"]


def test_alerts_of_others_take_nobodys_turn(world: World, cast: Cast) -> None:
    ada, grace, olga = cast
    turn = Target(kind=TargetKind.TURN, id=world.team("Platform", ada, grace).pk, name="Platform")
    platform = world.monitoring(with_steps(world, StepSpec(delay_minutes=5, targets=(turn,))), group_minutes=0)
    others = world.monitoring(world.policy([olga]), service="Search", group_minutes=0)
    for number in range(2):
        platform.fires(f"disk {number}")
        others.fires(f"search {number}")
    paged = [address.partition(".")[0] for address, _ in world.network.takes_all()]
    assert paged == ["ada", "olga", "grace", "olga"]


def test_several_at_once_are_shared_by_turns(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    turn = Target(kind=TargetKind.TURN, id=world.team("Platform", ada, grace).pk, name="Platform")
    monitoring = world.monitoring(with_steps(world, StepSpec(delay_minutes=5, targets=(turn,))), group_minutes=0)
    for number in range(4):
        monitoring.source.triggers(f"disk {number}", "critical", f"disk {number}", at=world.now)
    world.settle()
    paged = [address.partition(".")[0] for address, _ in world.network.takes_all()]
    assert sorted(paged) == ["ada", "ada", "grace", "grace"]


def test_whoever_did_not_answer_has_had_their_turn(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    turn = Target(kind=TargetKind.TURN, id=world.team("Platform", ada, grace).pk, name="Platform")
    monitoring = world.monitoring(with_steps(world, StepSpec(delay_minutes=5, targets=(turn,)), repeats=1))
    monitoring.fires()
    ada.expect_page("checkout")
    world.forward(minutes=5)
    grace.expect_page("checkout")


def test_low_urgency_waits_for_somebody_to_be_on_call(world: World, cast: Cast) -> None:
    ada = cast[0]
    # on call from 18:00; it is noon
    late = domain.schedule(
        "Evening", domain.weekly(ada.user, starts_on=world.now.date(), handoff_at=time(18)), zone="UTC"
    )
    on_call = StepSpec(delay_minutes=5, targets=(domain.of(late),))
    monitoring = world.monitoring(with_steps(world, on_call, hold_low_hours=12))
    monitoring.fires("disk fills", "warning")
    world.forward(minutes=359)
    world.nothing_else()
    assert world.history().count("held") == 1
    world.forward(minutes=1)
    ada.expect_page("disk fills")


def test_what_is_held_too_long_goes_to_the_catch_all(world: World, cast: Cast) -> None:
    empty = StepSpec(delay_minutes=5, targets=(domain.of(domain.schedule("Empty")),))
    monitoring = world.monitoring(with_steps(world, empty, hold_low_hours=2))
    monitoring.fires("disk fills", "warning")
    world.forward(minutes=119)
    world.nothing_else()
    world.forward(minutes=1)
    cast[2].expect_page("disk fills")
    monitoring.fires("disk is full", "critical")
    cast[2].expect_page("disk is full")


def test_a_chat_channel_is_told_and_nobody_counts_as_reached(world: World, cast: Cast) -> None:
    ada = cast[0]
    chat = places.create(SETUP, "#checkout", "webhook", "https://chat.example.org/hooks/abc", world.now)
    told = Target(kind=TargetKind.PLACE, id=chat.pk, name=chat.name)
    alone = StepSpec(delay_minutes=5, targets=(told,))
    both = StepSpec(delay_minutes=5, targets=(told, ada.target))
    monitoring = world.monitoring(with_steps(world, alone, both))
    world.network.arrived.clear()
    monitoring.fires()
    ada.expect_page("checkout")  # at once: the first step reached nobody
    notices = [content for address, content in world.network.takes_all() if "chat.example.org" in address]
    assert [(n.purpose, n.ack_url) for n in notices] == [("notice", "")]  # once, although both steps ran
    assert "Paged: Ada." in notices[0].text


def test_a_channel_that_was_removed_is_not_told_what_waits_to_be_tried_again(world: World, cast: Cast) -> None:
    ada, url = cast[0], "https://chat.example.org/hooks/abc"
    chat = places.create(SETUP, "#checkout", "webhook", url, world.now)
    told = Target(kind=TargetKind.PLACE, id=chat.pk, name=chat.name)
    policy = with_steps(world, StepSpec(delay_minutes=5, targets=(told, ada.target)))
    world.network.answers[url] = Retry(error="connection refused")
    world.monitoring(policy).fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    save_steps(SETUP, policy, [StepSpec(delay_minutes=5, targets=(ada.target,))], (), world.now)
    places.delete(SETUP, chat, world.now)
    world.network.answers.clear()
    world.forward(minutes=10)
    world.nothing_else()
    assert Message.objects.get(kind="webhook", purpose="notice").state == "cancelled"


def test_a_failed_catch_all_is_widened_to_the_owners_and_admins(world: World, cast: Cast) -> None:
    ada, grace, olga = cast
    grace.cannot_be_reached()
    monitoring = world.monitoring(world.policy([ada], catch_all=[grace]))
    monitoring.fires()
    ada.expect_page("checkout")
    world.forward(minutes=5)
    olga.expect_page("checkout")
    assert world.group().entries.filter(text__contains="Every owner and admin is paged with it").count() == 1


def test_a_policy_that_cannot_be_read_when_the_alert_comes_pages_the_owners_and_admins(
    world: World, cast: Cast
) -> None:
    monitoring = world.monitoring(world.policy([cast[0]]))
    StepRow.objects.update(when={"weekdays": "never"})
    monitoring.fires()
    cast[2].expect_page("checkout")
    assert PolicyVersion.objects.filter(digest=UNREADABLE).exists()
    assert "could not run as planned" in world.group().entries.get(kind="paged").text


def test_a_version_from_before_these_features_still_runs() -> None:
    old = {
        "policy": "Old",
        "steps": [{"delay_seconds": 300, "targets": [{"kind": "user", "id": 1, "name": "Ada"}]}],
        "repeats": 1,
        "catch_all": [],
    }
    read = snapshots.read(old)
    ada = Target(kind=TargetKind.USER, id=1, name="Ada")
    assert read.steps == (Step(delay=timedelta(minutes=5), targets=(ada,)),)
    assert (read.repeat_from, read.hold_low) == (0, None)
