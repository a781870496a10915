"""Escalation policies: versions, whom targets mean, defects, and the simulator."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apps.domain import ADMIN, NOW, as_, hours, of, person, schedule, team, weekly
from tocsin.audit.models import Record
from tocsin.core.escalation import STEWARDS, Snapshot, Step, Target, TargetKind
from tocsin.core.permissions import Role
from tocsin.core.signals import Urgency
from tocsin.health.problems import open_problems
from tocsin.people.actions import delete_team, set_active, set_rules
from tocsin.people.models import Team, User
from tocsin.people.problems import Refused
from tocsin.policies import actions, queries, snapshots
from tocsin.policies.actions import StepSpec
from tocsin.policies.models import EscalationPolicy, PolicyVersion, Turn
from tocsin.policies.resolving import people_of
from tocsin.schedules.actions import delete_schedule
from tocsin.schedules.models import Schedule
from tocsin.services.models import Service

pytestmark = pytest.mark.django_db

Row = User | Schedule | Team


def _target(row: Row | Target) -> Target:
    return row if isinstance(row, Target) else of(row)


def policy(
    *steps: tuple[Row | Target, ...], catch_all: tuple[Row, ...] = (), delay: int = 5, **fields: int
) -> EscalationPolicy:
    made = actions.create_policy(ADMIN, "Default", NOW, **fields)
    specs = [StepSpec(delay_minutes=delay, targets=tuple(map(_target, step))) for step in steps]
    actions.save_steps(ADMIN, made, specs, [of(row) for row in catch_all], NOW)
    return made


def test_a_snapshot_says_what_the_policy_says() -> None:
    ada, grace = person("Ada"), person("Grace")
    primary, platform = schedule("Primary", weekly(ada)), team("Platform", grace)
    made = policy((primary, ada), (platform,), catch_all=(grace,), repeats=1, ack_timeout_low_minutes=90)
    assert snapshots.snapshot_of(made) == Snapshot(
        policy="Default",
        steps=(
            Step(delay=timedelta(minutes=5), targets=(of(primary), of(ada))),
            Step(delay=timedelta(minutes=5), targets=(of(platform),)),
        ),
        repeats=1,
        catch_all=(of(grace),),
        ack_timeout_high=timedelta(minutes=30),
        ack_timeout_low=timedelta(minutes=90),
    )


def test_a_catch_all_without_names_is_every_owner_and_admin() -> None:
    assert snapshots.snapshot_of(policy()).catch_all == (STEWARDS,)
    bare = EscalationPolicy.objects.create(name="Bare", slug="bare")  # without even a row for its catch-all
    assert snapshots.snapshot_of(bare).catch_all == (STEWARDS,)


def test_a_snapshot_survives_being_written_down() -> None:
    ada = person("Ada")
    for made in (policy((ada,), (), ack_timeout_high_minutes=0), EscalationPolicy(name="Unsaved", pk=0)):
        snapshot = snapshots.snapshot_of(made)
        assert snapshots.read(snapshots.body(snapshot)) == snapshot


@pytest.mark.parametrize(
    "stored",
    [
        # nothing
        {},
        # steps of another shape
        {"policy": "x", "steps": [1], "repeats": 0, "catch_all": []},
        {"policy": "x", "steps": None, "repeats": 0, "catch_all": []},
        # a kind of target that is none
        {"policy": "x", "steps": [], "repeats": 0, "catch_all": [{"kind": "dog", "id": 1, "name": "Rex"}]},
        # a number that is none
        {"policy": "x", "steps": [], "repeats": "often", "catch_all": []},
        # a delay beyond the end of time
        {"policy": "x", "steps": [{"delay_seconds": 10**20, "targets": []}], "repeats": 0, "catch_all": []},
    ],
)
def test_a_stored_snapshot_that_cannot_be_read_is_a_value_error(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        snapshots.read(stored)


def test_a_version_is_made_once_for_each_change() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = policy((ada,))
    first = snapshots.version_of(made, NOW)
    assert snapshots.version_of(made, hours(1)) == first
    actions.save_steps(ADMIN, made, [StepSpec(delay_minutes=5, targets=(of(grace),))], [], NOW)
    second = snapshots.version_of(made, NOW)
    assert second != first
    actions.save_steps(ADMIN, made, [StepSpec(delay_minutes=5, targets=(of(ada),))], [], NOW)
    assert snapshots.version_of(made, NOW) == first
    assert PolicyVersion.objects.count() == 2


def test_a_policy_made_again_takes_its_version_over() -> None:
    ada = person("Ada")
    first = policy((ada,))
    version = snapshots.version_of(first, NOW)
    actions.delete_policy(ADMIN, first, NOW)
    again = policy((ada,))
    assert snapshots.version_of(again, NOW).pk == version.pk
    version.refresh_from_db()
    assert version.policy == again


def test_whom_targets_mean() -> None:
    ada, grace, root = person("Ada"), person("Grace"), person("Root", Role.ADMIN)
    gone = person("Gone")
    set_active(ADMIN, gone, NOW, active=False)
    primary, empty = schedule("Primary", weekly(ada, grace)), schedule("Empty")
    broken = schedule("Broken", weekly(ada))
    Schedule.objects.filter(pk=broken.pk).update(time_zone="Mars/Olympus")
    platform, deserted = team("Platform", grace, gone), team("Deserted", gone)
    missing = Target(kind=TargetKind.SCHEDULE, id=999_999, name="Old")
    expected = {
        of(ada): ((ada.pk,), "named"),
        of(gone): ((), "not active any more"),
        of(primary): ((ada.pk,), "on call in Primary"),
        of(empty): ((), "nobody is on call in Empty"),
        of(broken): ((), "Mars/Olympus"),
        missing: ((), "not there any more"),
        of(platform): ((grace.pk,), "in the team Platform"),
        of(deserted): ((), "no active members"),
        STEWARDS: ((root.pk,), "owners and admins"),
    }
    found = people_of(expected, NOW)
    assert {target: each.people for target, each in found.items()} == {t: people for t, (people, _) in expected.items()}
    assert [why for target, (_, why) in expected.items() if why not in found[target].why] == []
    assert ["Broken" in problem.title for problem in open_problems()] == [True]


def test_without_an_owner_the_stewards_are_nobody_and_say_so() -> None:
    assert people_of([STEWARDS], NOW)[STEWARDS].why == "there is no active owner or admin"


def test_many_targets_take_few_queries() -> None:
    crowd = [person(f"P{n}") for n in range(4)]
    person("Root", Role.ADMIN)
    schedules = [schedule(f"S{n}", weekly(*crowd)) for n in range(4)]
    targets = [*map(of, (*crowd, *schedules, team("T", *crowd))), STEWARDS]
    with CaptureQueriesContext(connection) as made:
        assert all(found.people for found in people_of(targets, NOW).values())
    assert len(made) <= 10


def test_a_good_policy_has_no_defects() -> None:
    ada, grace = person("Ada", email=True), person("Grace", email=True)
    person("Root", Role.ADMIN, email=True)
    assert queries.defects(policy((schedule("Primary", weekly(ada, grace)),), (grace,)), NOW) == []


def places(made: EscalationPolicy) -> list[tuple[str, str]]:
    return [(d.where, d.text) for d in queries.defects(made, NOW)]


def defect(made: EscalationPolicy, where: str) -> str:
    return " ".join(d.text for d in queries.defects(made, NOW) if d.where == where)


def test_defects_are_found_before_they_hurt() -> None:
    ada, grace, root = person("Ada", email=True), person("Grace"), person("Root", Role.ADMIN, email=True)
    short = schedule("Short", weekly(ada, until=hours(24)))
    broken = schedule("Broken", weekly(ada))
    Schedule.objects.filter(pk=broken.pk).update(time_zone="Mars/Olympus")
    deserted = team("Deserted")
    made = policy((), (grace,), (short,), (broken, root), (deserted,))
    assert "pages nobody" in defect(made, "Step 1")
    assert "cannot be reached" in defect(made, "Step 2") or "can be reached" in defect(made, "Step 2")
    assert "Thu 05 Mar 12:00" in defect(made, "Step 3")
    assert "Mars/Olympus" in defect(made, "Step 4")
    assert "nobody behind it" in defect(made, "Step 5")
    assert defect(made, "Catch-all") == ""
    assert not open_problems()  # looking is not paging


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        # sooner or later she is the only one on call
        (TargetKind.SCHEDULE, True),
        # or the only one whose turn it is
        (TargetKind.TURN, True),
        # of the whole team the others are paged with her
        (TargetKind.TEAM, False),
    ],
)
def test_somebody_unreachable_among_others_is_named(kind: TargetKind, named: bool) -> None:
    ada, grace = person("Ada", email=True), person("Grace")
    row: Row = schedule("Primary", weekly(ada, grace)) if kind is TargetKind.SCHEDULE else team("Platform", ada, grace)
    made = policy((Target(kind=kind, id=row.pk, name=row.name),), catch_all=(ada,))
    assert defect(made, "Step 1").startswith("Grace cannot be reached without an open Tocsin tab.") is named


def test_a_policy_of_one_person_is_a_defect() -> None:
    root = person("Root", Role.ADMIN, email=True)
    assert "Root is the only one" in defect(policy((root,)), "Policy")


def test_a_policy_without_steps_is_a_defect() -> None:
    person("Root", Role.ADMIN, email=True)
    assert "no steps" in defect(policy(), "Policy")


def test_a_rotation_of_two_is_not_alone_although_one_is_on_call() -> None:
    ada, grace = person("Ada", email=True), person("Grace", email=True)
    made = policy((schedule("Primary", weekly(ada, grace)),), catch_all=(ada,))
    assert places(made) == []


def lines(made: EscalationPolicy, urgency: Urgency = Urgency.HIGH) -> list[tuple[float, list[str], str]]:
    simulated = queries.simulate(made, NOW, urgency)
    return [(line.after / timedelta(minutes=1), [p.name for p in line.people], line.where) for line in simulated]


def test_the_simulator_tells_who_would_be_paged_and_when() -> None:
    ada, grace = person("Ada"), person("Grace")
    person("Root", Role.ADMIN)
    made = policy((schedule("Primary", weekly(ada, grace)),), (grace, ada), repeats=1)
    assert lines(made) == [
        (0, ["Ada"], "Step 1"),
        (5, ["Grace", "Ada"], "Step 2"),
        (10, ["Ada"], "Step 1"),
        (15, ["Grace", "Ada"], "Step 2"),
        (20, ["Root"], "Catch-all"),
    ]
    assert [line.round for line in queries.simulate(made, NOW, Urgency.HIGH)] == [1, 1, 2, 2, 2]


def test_the_simulator_follows_a_handoff() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = policy((schedule("Primary", weekly(ada, grace)),), repeats=1, catch_all=(ada,), delay=24 * 60)
    simulated = queries.simulate(made, hours(24 * 4 + 10), Urgency.HIGH)  # Sunday evening
    assert [[p.name for p in line.people] for line in simulated] == [["Ada"], ["Grace"], ["Ada"]]


def test_the_simulator_says_why_a_step_is_passed_over() -> None:
    ada = person("Ada")
    made = policy((), (schedule("Empty"),), (ada,), repeats=0, catch_all=(team("Deserted"),))
    simulated = queries.simulate(made, NOW, Urgency.HIGH)
    assert [(line.after, line.where, line.why) for line in simulated] == [
        (timedelta(0), "Step 1", "passed over: it pages nobody"),
        (timedelta(0), "Step 2", "passed over: nobody is on call in Empty"),
        (timedelta(0), "Step 3", "named in the policy"),
        (timedelta(minutes=5), "Catch-all", "nobody is paged: the team Deserted has no active members"),
    ]


def test_the_simulator_says_whose_turn_it_is_and_who_is_next() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    platform = team("Platform", ada, grace, linus)
    made = policy((Target(kind=TargetKind.TURN, id=platform.pk, name="Platform"),), repeats=2, catch_all=(ada,))
    Turn.objects.create(team=platform, last=ada.pk)
    assert lines(made)[:3] == [(0, ["Grace"], "Step 1"), (5, ["Linus"], "Step 1"), (10, ["Ada"], "Step 1")]
    first, second, *_ = queries.simulate(made, NOW, Urgency.HIGH)
    assert first.why == "one at a time, in the team Platform; it is the turn of Grace, Linus is next"
    assert second.why == "one at a time, in the team Platform; it is the turn of Linus, Ada is next"
    assert Turn.objects.get().last == ada.pk  # trying it takes nobody's turn


def test_the_simulator_says_by_what_each_hears_of_it_and_when() -> None:
    ada = person("Ada", email=True)
    inapp, email = ada.contact_methods.order_by("id")
    made = policy((ada,), catch_all=(ada,))
    for urgency in (Urgency.HIGH, Urgency.LOW):
        set_rules(as_(ada), ada, urgency, [(email.pk, 180), (inapp.pk, 0)], NOW)
    assert queries.simulate(made, NOW, Urgency.HIGH)[0].told == [(ada, "Open tab at once, E-mail after 3 min")]
    now = NOW.time().replace(tzinfo=None)
    User.objects.filter(pk=ada.pk).update(time_zone="UTC", quiet_from=now, quiet_until=hours(2).time())
    first, second, *_ = queries.simulate(made, NOW, Urgency.LOW)
    held = "Open tab after 2 h, when their quiet hours are over"
    assert first.told[0][1] == f"{held}, E-mail after 2 h, when their quiet hours are over"
    assert second.after == timedelta(hours=2, minutes=5)  # nobody is passed over for sleeping
    assert queries.simulate(made, NOW, Urgency.HIGH)[0].told[0][1].startswith("Open tab at once")


def test_nobody_is_paged_for_what_is_only_recorded() -> None:
    assert lines(policy((person("Ada"),)), Urgency.NONE) == []


def test_a_policy_in_use_is_not_deleted() -> None:
    made = policy()
    Service.objects.create(name="Checkout", slug="checkout", policy=made, created_at=NOW)
    with pytest.raises(Refused, match="Checkout"):
        actions.delete_policy(ADMIN, made, NOW)
    assert EscalationPolicy.objects.exists()


def test_what_a_policy_pages_is_not_deleted() -> None:
    primary, platform = schedule("Primary"), team("Platform")
    policy((primary, platform))
    with pytest.raises(Refused, match="Default"):
        delete_schedule(ADMIN, primary, NOW)
    with pytest.raises(Refused, match="Default"):
        delete_team(ADMIN, platform, NOW)


@pytest.mark.parametrize(
    ("delay", "target", "sentence"),
    [
        # at once is a step, not a delay
        (0, None, "between a minute and a day"),
        (24 * 60 + 1, None, "between a minute and a day"),
        # owners and admins are the catch-all's
        (5, STEWARDS, "catch-all"),
        # somebody who is not there
        (5, Target(kind=TargetKind.TEAM, id=999_999, name=""), "not there any more"),
    ],
)
def test_steps_that_are_refused_leave_the_old_ones(delay: int, target: Target | None, sentence: str) -> None:
    ada = person("Ada")
    made = policy((ada,))
    before = snapshots.snapshot_of(made)
    with pytest.raises(Refused, match=sentence):
        actions.save_steps(ADMIN, made, [StepSpec(delay_minutes=delay, targets=(target or of(ada),))], [], NOW)
    assert snapshots.snapshot_of(made) == before


def test_the_catch_all_is_the_stewards_or_who_is_named() -> None:
    ada = person("Ada")
    made = policy()
    actions.save_steps(ADMIN, made, [], [STEWARDS], NOW)
    assert snapshots.snapshot_of(made).catch_all == (STEWARDS,)
    with pytest.raises(Refused, match="Choose one"):
        actions.save_steps(ADMIN, made, [], [STEWARDS, of(ada)], NOW)


def test_a_change_of_steps_is_audited_in_words() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = policy((ada,))
    actions.save_steps(ADMIN, made, [StepSpec(delay_minutes=7, targets=(of(grace),))], [], NOW)
    newest = Record.objects.latest("id")
    assert newest.before == {"steps": ["Ada; next after 5 min"]}
    assert newest.after == {"steps": ["Grace; next after 7 min"]}


def test_policies_are_changed_by_name_and_numbers() -> None:
    made = policy()
    actions.change_policy(ADMIN, made, NOW, name="Nights", repeats=0, ack_timeout_low_minutes=15)
    found = queries.policy(ADMIN, "default")
    assert (found.name, found.repeats, found.services_count) == ("Nights", 0, 0)  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="up to 20"):
        actions.change_policy(ADMIN, made, NOW, repeats=21)
