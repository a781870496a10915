"""Other layers for a while."""

from datetime import timedelta

import pytest

from tests.apps.domain import ADMIN, NOW, as_, hours, person, role, schedule, weekly
from tocsin.audit.models import Record
from tocsin.core.permissions import Denied, Role
from tocsin.people.problems import Refused
from tocsin.schedules import actions, queries, replacing
from tocsin.schedules.models import Layer, Schedule

pytestmark = pytest.mark.django_db


def on_call(made: Schedule, count: float) -> tuple[int, ...]:
    return queries.on_call([made.pk], hours(count))[made.pk].people


def test_a_replacement_counts_from_its_start_to_its_end_and_under_overrides() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    made = schedule("Primary", weekly(ada), weekly(ada, name="Top"))
    replacing.add_replacement(ADMIN, made, "Holidays", hours(10), hours(20), [weekly(grace)], NOW)
    actions.add_override(ADMIN, made, linus, hours(15), hours(16), NOW)
    assert [on_call(made, h) for h in (9, 10, 15, 19, 20)] == [
        (ada.pk,),
        (grace.pk,),
        (linus.pk,),
        (grace.pk,),
        (ada.pk,),
    ]
    assert queries.on_call([made.pk], hours(11))[made.pk].sources == ("Holidays: layer Weekly",)
    assert [s.schedule for s in queries.shifts_of(grace.pk, NOW, hours(30))] == [made, made]


def test_saving_the_layers_leaves_replacements_alone() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    replacing.add_replacement(ADMIN, made, "Holidays", hours(10), hours(20), [weekly(grace)], NOW)
    actions.save_layers(ADMIN, made, [weekly(ada), weekly(ada, name="Top")], NOW)
    assert [layer.name for layer in queries.schedule(ADMIN, made.slug).layers.all()] == ["Weekly", "Top"]
    assert on_call(made, 11) == (grace.pk,)


def test_one_that_has_begun_ends_now_and_one_ahead_is_gone() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    begun = replacing.add_replacement(ADMIN, made, "Now", hours(0), hours(20), [weekly(grace)], NOW)
    ahead = replacing.add_replacement(ADMIN, made, "Later", hours(30), hours(40), [weekly(grace)], NOW)
    replacing.remove_replacement(as_(ada), begun, hours(5))
    replacing.remove_replacement(as_(ada), ahead, hours(5))
    assert [on_call(made, h) for h in (4, 6, 31)] == [(grace.pk,), (ada.pk,), (ada.pk,)]
    assert Layer.objects.filter(replacement__isnull=False).count() == 1
    with pytest.raises(Refused, match="is over"):
        replacing.remove_replacement(as_(ada), begun, hours(25))
    assert {"created", "ended", "deleted"} <= set(Record.objects.values_list("verb", flat=True))


@pytest.mark.parametrize(
    ("starts", "ends", "sentence"),
    [
        # backwards
        (2, 1, "after the start"),
        # over already
        (-2, -1, "is over"),
        # for good
        (0, 24 * 400, "a year"),
    ],
)
def test_replacements_that_are_refused(starts: float, ends: float, sentence: str) -> None:
    made = schedule("Primary")
    with pytest.raises(Refused, match=sentence):
        replacing.add_replacement(ADMIN, made, "x", hours(starts), hours(ends), [], NOW)


def test_one_that_begins_in_the_past_begins_now() -> None:
    made = schedule("Primary", weekly(person("Ada")))
    row = replacing.add_replacement(ADMIN, made, "x", NOW - timedelta(days=1), hours(5), [], NOW)
    assert row.starts_at == NOW
    assert on_call(made, 1) == ()


def test_an_observer_replaces_nothing() -> None:
    with pytest.raises(Denied):
        replacing.add_replacement(role(Role.OBSERVER), schedule("Primary"), "x", hours(1), hours(2), [], NOW)
