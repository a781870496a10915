"""“Who is next” on the page of an alert is what happens, whatever the policy."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import KIND
from tests.world import SETUP, Person, World
from tocsin.core.conditions import Condition
from tocsin.core.escalation import STEWARDS, Status, Target, TargetKind
from tocsin.core.signals import Severity, Urgency
from tocsin.paging import queries
from tocsin.paging.models import Notification
from tocsin.people.models import ContactMethod, User
from tocsin.policies.actions import StepSpec, create_policy, save_steps

pytestmark = pytest.mark.django_db
SEVERITIES = ("critical", "error", "warning")
NAMES = ("Ada", "Grace", "Linus")
CONDITIONS = st.sampled_from(
    [
        Condition(),
        Condition(severity=Severity.CRITICAL),
        Condition(severity=Severity.ERROR),
        Condition(urgency=Urgency.LOW),
        Condition(weekdays=(2,)),  # the story's day
        Condition(weekdays=(5, 6)),
    ]
)
# of a step: whom it names, by number (3: a team in turn; 4: an empty team), its condition, its delay, how many answers
STEPS = st.lists(
    st.tuples(st.lists(st.integers(0, 4), max_size=3, unique=True), CONDITIONS, st.sampled_from([1, 5, 30])),
    min_size=1,
    max_size=4,
)


class Undone(Exception):
    """Takes everything back, so that the next example begins with nothing."""


def taken_back(story: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            story()
            raise Undone
    except Undone:
        return


def people(world: World, mute: Sequence[int]) -> list[Person]:
    """Those that are mute have no method that works; the one who is gone is not active."""
    found = [world.person(name) for name in NAMES]
    for number in mute:
        if number == len(NAMES):
            User.objects.filter(pk=found[0].user.pk).update(is_active=False)
        else:
            ContactMethod.objects.filter(user=found[number].user).delete()
    return found


def paged(world: World, after: int) -> tuple[list[str], int | None]:
    """Whom the messages since then were for, and the step they were of."""
    found = Notification.objects.filter(pk__gt=after).select_related("user")
    return sorted({n.user.name for n in found}), max((n.step for n in found), default=None)


def newest() -> int:
    return Notification.objects.values_list("pk", flat=True).order_by("-pk").first() or 0


@settings(max_examples=30 if KIND == "sqlite" else 12)  # how a policy is followed hangs on no database
@given(
    STEPS,
    st.sampled_from(SEVERITIES),
    st.integers(0, 1),  # repeats
    st.lists(st.integers(0, 3), max_size=2, unique=True),
    st.booleans(),  # acknowledged by Ada at first
    st.sampled_from([0, 2]),  # hours for which low urgency is held
)
def test_what_the_page_says_is_what_happens(
    steps: list[tuple[list[int], Condition, int]],
    severity: str,
    repeats: int,
    mute: list[int],
    acknowledged: bool,
    hold: int,
) -> None:
    def story() -> None:
        world = World()
        olga, found = world.owner(), people(world, mute)
        pair, nobody = world.team("Pair", *found[:2]), world.team("Nobody")
        targets = [
            *[person.target for person in found],
            Target(kind=TargetKind.TURN, id=pair.pk, name="Pair"),
            Target(kind=TargetKind.TEAM, id=nobody.pk, name="Nobody"),
        ]
        policy = create_policy(
            SETUP, "Any", world.now, repeats=repeats, hold_low_hours=hold, ack_timeout_low_minutes=30
        )
        specs = [
            StepSpec(delay_minutes=delay, targets=tuple(targets[n] for n in whom), when=when)
            for whom, when, delay in steps
        ]
        save_steps(SETUP, policy, specs, (STEWARDS,), world.now)
        world.monitoring(policy).fires("it is down", severity)
        world.network.arrived.clear()
        if acknowledged:
            olga.acknowledges()
        for _ in range(6):
            agrees(world, olga, len(steps))

    taken_back(story)


def agrees(world: World, olga: Person, steps: int) -> None:
    """What is said, then what happens at that moment."""
    said = queries.next_up(olga.actor, world.group(), world.now)
    assert said is not None
    assert said.at is not None
    before = newest()
    world.now = max(said.at, world.now)
    world.tick()
    people, step = paged(world, before)
    world.settle()
    world.network.arrived.clear()
    assert sorted(said.people) == people
    assert said.step == (step + 1 if step is not None and step < steps else said.step if not people else None)


def test_a_step_whose_condition_does_not_hold_is_not_next(world: World) -> None:
    olga, (ada, grace, linus) = world.owner(), (world.person(name) for name in NAMES)
    policy = create_policy(SETUP, "Cond", world.now, repeats=0)
    only = Condition(severity=Severity.CRITICAL)
    specs = [
        StepSpec(delay_minutes=5, targets=(ada.target,)),
        StepSpec(delay_minutes=5, targets=(linus.target,), when=only),
        StepSpec(delay_minutes=5, targets=(grace.target,)),
    ]
    save_steps(SETUP, policy, specs, (STEWARDS,), world.now)
    world.monitoring(policy).fires("slow", "error")
    ada.expect_page("slow")
    said = queries.next_up(olga.actor, world.group(), world.now)
    assert said is not None
    assert (said.people, said.step, said.at) == (("Grace",), 3, world.now + timedelta(minutes=5))
    world.forward(minutes=5)
    grace.expect_page("slow")


def test_while_it_is_acknowledged_the_first_step_that_applies_is_next(world: World) -> None:
    olga, ada = world.owner(), world.person("Ada")
    world.monitoring(world.policy([ada])).fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    said = queries.next_up(olga.actor, world.group(), world.now)
    assert said is not None
    assert (said.status, said.people, said.step) == (Status.ACKNOWLEDGED, ("Ada",), 1)
    world.forward(minutes=30)
    ada.expect_page("checkout")
