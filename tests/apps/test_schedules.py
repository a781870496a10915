"""Schedules as rows: what the core is given, who is on call, and what may be saved."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from tests.apps.domain import ADMIN, NOW, as_, hours, person, role, schedule, team, weekly
from tocsin.audit.models import Record
from tocsin.core import rota
from tocsin.core.permissions import Denied, Role
from tocsin.core.rota import Change, Unloadable
from tocsin.core.rotation import Layer, Restriction, Unit
from tocsin.health.problems import open_problems
from tocsin.people.actions import set_active
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.schedules import actions, models, queries
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db

WEEK = timedelta(weeks=1)


def on_call(of: Schedule, at: datetime) -> tuple[int, ...] | None:
    segment = queries.on_call([of.pk], at).get(of.pk)
    return None if segment is None else segment.people


def test_layers_come_back_as_they_were_saved() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    office = Restriction(weekdays=frozenset({0, 4}), starts=time(9), ends=time(17, 30))
    layers = (
        weekly(ada, grace),
        weekly(
            name="Top",
            unit=Unit.HOUR,
            every=12,
            starts_on=date(2026, 1, 31),
            until=hours(48),
            slots=((ada.pk, linus.pk), (grace.pk,), (ada.pk,)),
            restrictions=(office, Restriction(weekdays=frozenset({6}), starts=time(22), ends=time(6))),
        ),
        weekly(linus, name="Shadow", shadow=True),
    )
    made = schedule("Primary", *layers)
    assert queries.rota_of([made.pk]) == {made.pk: rota.Rota(time_zone="Europe/Berlin", layers=layers)}


def test_who_is_on_call_follows_the_layers_and_overrides() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    made = schedule("Primary", weekly(ada, grace))
    assert on_call(made, NOW) == (ada.pk,)
    assert on_call(made, NOW + WEEK) == (grace.pk,)
    actions.add_override(as_(linus), made, linus, hours(1), hours(2), NOW)
    assert [on_call(made, hours(h)) for h in (0.5, 1, 2)] == [(ada.pk,), (linus.pk,), (ada.pk,)]


def test_overrides_of_every_kind() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    made = schedule("Primary", weekly(slots=((ada.pk, grace.pk),)))
    actions.add_override(ADMIN, made, linus, hours(1), hours(2), NOW, instead_of=ada, note="dentist")
    actions.add_override(ADMIN, made, linus, hours(3), hours(4), NOW, change=Change.ADD)
    actions.add_override(ADMIN, made, ada, hours(5), hours(6), NOW, change="remove")
    assert on_call(made, hours(1)) == (linus.pk, grace.pk)
    assert on_call(made, hours(3)) == (ada.pk, grace.pk, linus.pk)
    assert on_call(made, hours(5)) == (grace.pk,)
    assert queries.on_call([made.pk], hours(1))[made.pk].sources == ("layer Weekly", "override: dentist")


def test_any_number_of_schedules_takes_the_same_number_of_queries() -> None:
    ada, grace = person("Ada"), person("Grace")
    ids = [schedule(f"S{n}", weekly(ada, grace), weekly(grace, name="Top")).pk for n in range(5)]
    with CaptureQueriesContext(
        connection,
    ) as few:
        queries.on_call(ids[:1], NOW)
    with CaptureQueriesContext(connection) as many:
        assert len(queries.on_call(ids, NOW)) == 5
    assert len(few) == len(many) <= 7


BREAK: dict[str, Callable[[Schedule], object]] = {
    "a zone that is not one": lambda s: Schedule.objects.filter(pk=s.pk).update(time_zone="Mars/Olympus"),
    "a rotation without length": lambda s: s.layers.update(every=0),
    "a unit that is not one": lambda s: s.layers.update(unit="aeon"),
    "restrictions that are not a list": lambda s: models.Restriction.objects.create(
        layer=s.layers.first(), weekdays="x", starts=time(1), ends=time(2)
    ),
    "an override of no kind": lambda s: models.Override.objects.create(
        schedule=s,
        change="shuffle",
        user=User.objects.get(name="Ada"),
        starts_at=hours(-1),
        ends_at=hours(1),
        created_at=NOW,
    ),
}


@pytest.mark.parametrize("broken", BREAK.values(), ids=BREAK.keys())
def test_a_schedule_that_cannot_be_read_stops_no_other_and_is_reported(broken: Callable[[Schedule], object]) -> None:
    ada = person("Ada")
    bad, good = schedule("Bad", weekly(ada)), schedule("Good", weekly(ada))
    broken(bad)
    found = queries.on_call([bad.pk, good.pk], NOW)
    assert found[good.pk].people == (ada.pk,)
    assert bad.pk not in found
    (problem,) = open_problems()
    assert "Bad" in problem.title
    assert queries.troubles([bad.pk, good.pk], NOW).keys() == {bad.pk}


def test_saving_a_broken_schedule_anew_ends_the_problem() -> None:
    ada = person("Ada")
    made = schedule("Bad", weekly(ada))
    Schedule.objects.filter(pk=made.pk).update(time_zone="Mars/Olympus")
    queries.on_call([made.pk], NOW)
    assert len(open_problems()) == 1
    made.refresh_from_db()
    actions.change_schedule(ADMIN, made, NOW, time_zone="Europe/Berlin")
    assert not open_problems()
    assert on_call(made, NOW) == (ada.pk,)


def test_a_broken_schedule_says_why_when_it_is_looked_at() -> None:
    made = schedule("Bad", weekly(person("Ada")))
    Schedule.objects.filter(pk=made.pk).update(time_zone="Mars/Olympus")
    with pytest.raises(Unloadable, match="Mars/Olympus"):
        queries.final(made, NOW, hours(1))
    (duty,) = queries.duties(ADMIN, NOW)
    assert "Mars/Olympus" in duty.trouble
    assert not duty.people


def test_somebody_inactive_is_passed_over_and_the_others_keep_their_turns() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    made = schedule("Primary", weekly(linus, name="Below"), weekly(ada, grace))
    set_active(ADMIN, ada, NOW, active=False)
    assert on_call(made, NOW) == (linus.pk,)
    assert on_call(made, NOW + WEEK) == (grace.pk,)


def test_somebody_deleted_leaves_an_empty_turn_and_the_others_where_they_were() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    made = schedule("Primary", weekly(ada, grace, linus))
    grace.delete()
    assert [on_call(made, NOW + n * WEEK) for n in range(4)] == [(ada.pk,), (), (linus.pk,), (ada.pk,)]


def test_an_override_by_somebody_inactive_does_not_silence_the_layer() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    actions.add_override(ADMIN, made, grace, hours(0), hours(2), NOW)
    set_active(ADMIN, grace, NOW, active=False)
    assert on_call(made, hours(1)) == (ada.pk,)


def test_gaps_are_found_ahead() -> None:
    ada = person("Ada")
    made = schedule("Primary", weekly(ada, until=hours(24)))
    (gap,) = queries.gaps(made, NOW, days=3)
    assert (gap.starts_at, gap.ends_at) == (hours(24), hours(72))


def test_shifts_of_one_person_over_all_schedules() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    one, two = schedule("One", weekly(ada, grace)), schedule("Two", weekly(grace))
    broken = schedule("Broken", weekly(ada))
    Schedule.objects.filter(pk=broken.pk).update(time_zone="nowhere")
    actions.add_override(ADMIN, two, ada, hours(1), hours(3), NOW)
    # beside her, from one hour to two: her shift in One stays one
    actions.add_override(ADMIN, one, linus, hours(1), hours(2), NOW, change="add")
    shifts = queries.shifts_of(ada.pk, NOW, hours(24))
    assert [(s.schedule, s.starts_at, s.ends_at) for s in shifts] == [
        (one, NOW, hours(24)),
        (two, hours(1), hours(3)),
    ]


def test_duties_say_who_until_when_and_who_comes_then() -> None:
    ada, grace = person("Ada"), person("Grace")
    schedule("Primary", weekly(ada, grace))
    schedule("Alone", weekly(ada))
    schedule("Empty")
    alone, empty, primary = queries.duties(role(Role.OBSERVER), NOW)
    assert (primary.people, primary.next_people) == ((ada,), (grace,))
    assert primary.until == datetime(2026, 3, 9, 8, tzinfo=NOW.tzinfo)
    assert (alone.people, alone.until, alone.next_people) == ((ada,), None, ())
    assert empty.people == ()


def test_a_preview_saves_nothing() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    actions.add_override(ADMIN, made, ada, hours(1), hours(2), NOW)
    seen = actions.preview(made, [weekly(grace)])
    assert rota.on_call(seen, NOW).people == (grace.pk,)
    assert rota.on_call(seen, hours(1)).people == (ada.pk,)
    assert on_call(made, NOW) == (ada.pk,)


def refused_layers() -> dict[str, dict[str, object]]:
    return {
        "a name": {"name": " "},
        "at least one week": {"every": 0},
        "has nobody": {"slots": ((1,), ())},
        "twice": {"slots": ((1, 1),)},
        "day of the week": {"restrictions": (Restriction(weekdays=frozenset(), starts=time(1), ends=time(2)),)},
        "not active": {"slots": ((999_999,),)},
    }


@pytest.mark.parametrize(("sentence", "changes"), refused_layers().items(), ids=refused_layers().keys())
def test_layers_that_are_refused_leave_the_old_ones(sentence: str, changes: dict[str, object]) -> None:
    ada = person("Ada")
    made = schedule("Primary", weekly(ada))
    with pytest.raises(Refused, match=sentence):
        actions.save_layers(ADMIN, made, [weekly(ada, **changes)], NOW)
    assert on_call(made, NOW) == (ada.pk,)


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        # backwards
        (2, 1, "after the start"),
        # nothing
        (1, 1, "after the start"),
        # over already
        (-2, -1, "is over"),
        # for good
        (0, 24 * 400, "a year"),
    ],
)
def test_overrides_that_are_refused(starts: float, ends: float, sentence: str) -> None:
    ada = person("Ada")
    made = schedule("Primary", weekly(ada))
    with pytest.raises(Refused, match=sentence):
        actions.add_override(ADMIN, made, ada, hours(starts), hours(ends), NOW)


def test_nobody_inactive_stands_in() -> None:
    ada = person("Ada")
    made = schedule("Primary", weekly(ada))
    set_active(ADMIN, ada, NOW, active=False)
    ada.refresh_from_db()
    with pytest.raises(Refused, match="not active"):
        actions.add_override(ADMIN, made, ada, hours(0), hours(1), NOW)


def test_removing_an_override_does_not_change_the_past() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    begun = actions.add_override(ADMIN, made, grace, hours(0), hours(4), NOW)
    ahead = actions.add_override(ADMIN, made, grace, hours(8), hours(9), NOW)
    for row in (begun, ahead):
        actions.remove_override(ADMIN, row, hours(1))
    assert [on_call(made, hours(h)) for h in (0.5, 1.5, 8.5)] == [(grace.pk,), (ada.pk,), (ada.pk,)]
    assert list(queries.overrides(ADMIN, made, hours(0))) == [begun]
    with pytest.raises(Refused, match="over"):
        actions.remove_override(ADMIN, begun, hours(2))


def test_a_change_of_layers_is_audited_in_words() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    actions.save_layers(ADMIN, made, [weekly(ada, grace)], NOW)
    newest = Record.objects.latest("id")
    assert newest.before["layers"][0]["people"] == ["Ada"]  # type: ignore[index]
    assert newest.after["layers"][0]["people"] == ["Ada", "Grace"]  # type: ignore[index]


def test_schedules_belong_to_a_team_and_can_be_changed_and_deleted() -> None:
    platform = team("Platform")
    made = actions.create_schedule(ADMIN, "Primary", "UTC", NOW, team=platform)
    actions.change_schedule(ADMIN, made, NOW, name="First", description="who wakes up")
    assert queries.schedule(ADMIN, "primary").name == "First"
    actions.delete_schedule(ADMIN, made, NOW)
    with pytest.raises(Http404):
        queries.schedule(ADMIN, "primary")


def test_a_zone_that_is_not_one_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        actions.create_schedule(ADMIN, "Primary", "Mars/Olympus", NOW)
    assert "time_zone" in refused.value.fields


def test_observers_look_and_responders_take_shifts() -> None:
    ada, eve = person("Ada"), person("Eve", Role.OBSERVER)
    made = schedule("Primary", weekly(ada))
    assert list(queries.schedules(as_(eve))) == [made]
    with pytest.raises(Denied):
        actions.add_override(as_(eve), made, eve, hours(0), hours(1), NOW)
    actions.add_override(as_(ada), made, ada, hours(0), hours(1), NOW)


def test_a_long_rotation_of_many_people_and_layers_is_read_whole() -> None:
    crowd = [person(f"P{n}") for n in range(6)]
    layers = [weekly(*crowd, name=f"L{n}", starts_on=date(2026, 3, 2) - timedelta(weeks=n)) for n in range(4)]
    made = schedule("Crowd", *layers)
    read = queries.rota_of([made.pk])[made.pk]
    assert [layer.slots for layer in read.layers if isinstance(layer, Layer)] == [tuple((p.pk,) for p in crowd)] * 4
