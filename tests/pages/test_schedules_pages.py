"""Schedules: looked at, changed with a preview, and overridden."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps import domain
from tests.pages.desk import at_the_desk, living, observer, text_of
from tests.world import Person, World
from tocsin.core.rotation import Restriction
from tocsin.schedules import hours, queries
from tocsin.schedules.models import Override, Schedule

pytestmark = pytest.mark.django_db
NEW = reverse("schedule_new")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


def weekly(*people: Person) -> Schedule:
    return domain.schedule("Checkout primary", domain.weekly(*(p.user for p in people)), zone="UTC")


def local(at: datetime) -> str:
    return f"{timezone.localtime(at, UTC):%Y-%m-%dT%H:%M}"


def layer(*people: Person, number: int = 0, **changes: str) -> dict[str, str]:
    fields = {
        "name": "Weekly",
        "every": "1",
        "unit": "week",
        "starts_on": "2026-03-02",
        "handoff_at": "09:00",
        **{f"turn-{at}-user": str(person.user.pk) for at, person in enumerate(people)},
        **changes,
    }
    return {f"layer-{number}-{name}": text for name, text in fields.items()}


def form(*layers: dict[str, str], act: str = "save", **changes: str) -> dict[str, str]:
    posted = {"name": "Checkout primary", "time_zone": "Europe/Berlin", "act": act, **changes}
    for fields in layers:
        posted |= fields
    return posted


def read(browser: Client, schedule: Schedule, **query: object) -> str:
    return text_of(browser.get(schedule.get_absolute_url(), query))


def test_schedule_shows_who_is_on_call_and_who_comes_then(ada: Person, grace: Person) -> None:
    schedule = weekly(ada, grace)
    page = read(at_the_desk(ada), schedule)
    assert "On call now" in page
    assert 'data-kind="final"' in page
    assert "Ada: " in page
    assert "Grace: " in page


@pytest.mark.parametrize(
    "query",
    [
        {"weeks": "2"},
        {"weeks": "6"},
        {"weeks": "600"},
        {"start": "2026-03-29"},  # the clocks change in Berlin
        {"start": "2026-02-30"},
        {"start": "9999-12-31"},
        {"start": "0001-01-01"},
        {"start": "soon", "weeks": "x"},
    ],
    ids=lambda query: " ".join(f"{k}={v}" for k, v in query.items()),
)
def test_every_window_can_be_looked_at(world: World, query: dict[str, str]) -> None:
    ada = world.person("Ada", zone="Europe/Berlin")
    assert at_the_desk(ada).get(weekly(ada).get_absolute_url(), query).status_code == 200


def test_gap_is_announced_and_can_be_filled(ada: Person) -> None:
    office = hours.read("Mon–Fri 09:00–17:00")
    schedule = domain.schedule("Office", domain.weekly(ada.user, restrictions=office))
    page = read(at_the_desk(ada), schedule)
    assert "in the next four weeks" in page
    assert 'data-kind="gap"' in page
    assert "Fill it" in page


def test_somebody_who_only_walks_along_fills_no_gap(ada: Person) -> None:
    schedule = domain.schedule("Learning", domain.weekly(ada.user, shadow=True))
    final = at_the_desk(ada).get(schedule.get_absolute_url()).context["chart"].rows[-1]
    assert [(bar.kind, bar.label) for bar in final.bars] == [("gap", "Gap")]


def test_neighbours_with_the_same_people_are_one_shift(ada: Person, grace: Person) -> None:
    nights = domain.weekly(ada.user, name="Nights", restrictions=hours.read("22-6"))
    schedule = domain.schedule("Checkout", domain.weekly(ada.user, grace.user, every=10), nights, zone="UTC")
    shifts = at_the_desk(ada).get(schedule.get_absolute_url(), {"weeks": 2}).context["shifts"]
    people = [shift["segment"].people for shift in shifts]
    assert all(one != next_ for one, next_ in pairwise(people))


def test_schedule_that_cannot_be_read_says_so_and_how_to_mend_it(ada: Person) -> None:
    schedule = weekly(ada)
    Schedule.objects.update(time_zone="Mars/Olympus")
    browser = at_the_desk(ada)
    assert "cannot be read, so it names nobody" in read(browser, schedule)
    assert "Cannot be read" in text_of(browser.get(reverse("oncall")))
    assert "Cannot be read" in text_of(browser.get(reverse("schedules")))
    edit = reverse("schedule_edit", args=[schedule.slug])
    assert browser.get(edit).status_code == 200
    assert browser.post(edit, form(layer(ada))).status_code == 302
    assert "On call now" in read(browser, schedule)


def test_on_call_page_names_everybody_and_the_viewer(ada: Person, grace: Person) -> None:
    weekly(ada)
    domain.schedule("Search", domain.weekly(grace.user))
    page = text_of(at_the_desk(ada).get(reverse("oncall")))
    assert "Grace" in page
    assert ">You<" in page


def test_without_schedules_the_pages_say_what_they_are_for(ada: Person) -> None:
    browser = at_the_desk(ada)
    assert "Make the first schedule" in text_of(browser.get(reverse("schedules")))
    assert "Nobody is on call" in text_of(browser.get(reverse("oncall")))


def test_schedule_is_made_with_its_layers(ada: Person, grace: Person) -> None:
    answer = at_the_desk(ada).post(
        NEW, form(layer(ada, grace), layer(grace, number=1, name="Backup", only="Sat 10-12"))
    )
    schedule = Schedule.objects.get()
    assert answer.url == schedule.get_absolute_url()
    (first, second) = queries.rota_of([schedule.pk])[schedule.pk].layers
    assert first.slots == ((ada.user.pk,), (grace.user.pk,))
    assert second.restrictions == hours.read("Sat 10:00-12:00")


def test_people_ticked_together_share_a_turn(ada: Person, grace: Person) -> None:
    at_the_desk(ada).post(NEW, form(layer(ada, grace, **{"turn-1-together": "on"})))
    schedule = Schedule.objects.get()
    assert queries.rota_of([schedule.pk])[schedule.pk].layers[0].slots == ((ada.user.pk, grace.user.pk),)


def test_saving_what_the_form_shows_changes_nothing(ada: Person, grace: Person) -> None:
    limited = domain.weekly(
        grace.user, name="Nights", restrictions=hours.read("Mon + Wed–Fri 22:00–06:00, 12:00-13:00")
    )
    shadow = domain.weekly(ada.user, name="Learning", shadow=True, until=datetime(2030, 1, 1, tzinfo=UTC))
    both = domain.weekly(ada.user, slots=((ada.user.pk, grace.user.pk), (grace.user.pk,)))
    schedule = domain.schedule("Checkout", both, limited, shadow)
    before = queries.rota_of([schedule.pk])[schedule.pk]
    browser = at_the_desk(ada)
    shown = browser.get(reverse("schedule_edit", args=[schedule.slug])).context
    posted = dict(shown["form"].initial) | {"act": "save", "description": "", "team": ""}
    for fields in shown["editor"].layers:
        for each in (fields.form, *fields.turns):
            posted |= {f"{each.prefix}-{name}": text for name, text in each.initial.items() if text}
    assert browser.post(reverse("schedule_edit", args=[schedule.slug]), posted).status_code == 302
    assert queries.rota_of([schedule.pk])[schedule.pk] == before


def test_preview_shows_the_change_and_saves_nothing(ada: Person, grace: Person) -> None:
    schedule = weekly(ada)
    answer = at_the_desk(ada).post(
        reverse("schedule_edit", args=[schedule.slug]), form(layer(grace), act="preview", name="Renamed")
    )
    assert answer.status_code == 200
    page = text_of(answer)
    assert "Nothing is saved yet" in page
    assert "Grace: " in page
    assert 'value="Renamed"' in page
    assert Schedule.objects.get().name == "Checkout primary"
    assert schedule.layers.get().participants.get().user == ada.user


def test_preview_of_a_schedule_that_is_not_there_yet(ada: Person) -> None:
    assert "Ada: " in text_of(at_the_desk(ada).post(NEW, form(layer(ada), act="preview")))
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("act", "names"),
    [
        ("add", ["Weekly", "Second", "Layer 3"]),
        ("remove 0", ["Second"]),
        ("down 0", ["Second", "Weekly"]),
        ("up 1", ["Second", "Weekly"]),
        ("up 0", ["Weekly", "Second"]),  # it is the first already
        ("remove 7", ["Weekly", "Second"]),  # the page was older than the form
        ("nonsense x", ["Weekly", "Second"]),
    ],
)
def test_rows_are_moved_without_losing_what_was_typed(ada: Person, act: str, names: list[str]) -> None:
    layers = (layer(ada, every="no number"), layer(ada, number=1, name="Second"))
    answer = at_the_desk(ada).post(NEW, form(*layers, act=act, description="kept"))
    assert answer.status_code == 200
    assert [fields.form["name"].value() for fields in answer.context["editor"].layers] == names
    assert "kept</textarea>" in text_of(answer)
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("act", "order"),
    [
        ("up-part 0 1", ["Grace", "Ada"]),
        ("remove-part 0 0", ["Grace"]),
        ("add-part 0", ["Ada", "Grace"]),  # and an empty line, which is always there
        ("up-part 0 9", ["Ada", "Grace"]),
        ("up-part 5 0", ["Ada", "Grace"]),
    ],
)
def test_people_are_moved(ada: Person, grace: Person, act: str, order: list[str]) -> None:
    names = {str(p.user.pk): p.user.name for p in (ada, grace)}
    answer = at_the_desk(ada).post(NEW, form(layer(ada, grace), act=act))
    turns = [turn["user"].value() for turn in answer.context["editor"].layers[0].turns]
    assert [names[pk] for pk in turns if pk] == order
    assert not turns[-1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"every": "0"}, "greater than or equal to 1"),
        ({"starts_on": "soon"}, "valid date"),
        ({"only": "office hours"}, "cannot be read. Write it like"),
        ({"only": "Mon 25-26"}, "no time of day"),
        ({"only": "Foo 9-10"}, "is no day"),
        ({"turn-0-user": "999999"}, "not one of the available"),
    ],
    ids=["length", "day", "hours", "time", "weekday", "person"],
)
def test_wrong_layer_is_kept_with_a_sentence_beside_it(ada: Person, changes: dict[str, str], sentence: str) -> None:
    answer = at_the_desk(ada).post(NEW, form(layer(ada, **changes)))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert 'value="Checkout primary"' in text_of(answer)
    assert not Schedule.objects.exists()


def test_refused_layers_leave_no_half_made_schedule(ada: Person) -> None:
    together = {"turn-1-together": "on"}
    answer = at_the_desk(ada).post(NEW, form(layer(ada, ada, **together)))
    assert answer.status_code == 422
    assert "twice in the same turn" in text_of(answer)
    assert not Schedule.objects.exists()


def test_form_sent_twice_makes_one_schedule(ada: Person) -> None:
    browser = at_the_desk(ada)
    assert [browser.post(NEW, form(layer(ada))).status_code for _ in range(2)] == [302, 422]
    assert Schedule.objects.count() == 1


def test_override_comes_from_the_shift_itself(ada: Person, grace: Person) -> None:
    schedule = weekly(ada)
    browser = at_the_desk(grace)
    page = read(browser, schedule)
    link = f"{reverse('override_new', args=[schedule.slug])}?starts="
    assert link in page
    filled = browser.get(page.split(f'href="{link}')[1].join([link, ""]).split('"')[0].replace("&amp;", "&"))
    assert filled.context["form"]["instead_of"].value() == ada.user.pk
    assert filled.context["form"]["user"].value() == grace.user.pk


def test_override_counts_and_is_taken_back(world: World, ada: Person, grace: Person) -> None:
    schedule = weekly(ada)
    browser = at_the_desk(grace)
    typed = {
        "user": grace.user.pk,
        "change": "replace",
        "starts_at": local(world.now - timedelta(minutes=1)),
        "ends_at": local(world.now + timedelta(days=1)),
        "note": "dentist",
    }
    where = reverse("override_new", args=[schedule.slug])
    for _ in range(2):  # sent twice it is one override
        assert browser.post(where, typed).url == schedule.get_absolute_url()
    row = Override.objects.get()
    assert queries.on_call([schedule.pk], world.now)[schedule.pk].people == (grace.user.pk,)
    assert "dentist" in read(browser, schedule)
    assert browser.post(reverse("override_delete", args=[schedule.slug, row.pk])).status_code == 302
    later = world.now + timedelta(hours=1)
    assert queries.on_call([schedule.pk], later)[schedule.pk].people == (ada.user.pk,)


def test_taking_a_shift_is_one_press(ada: Person, grace: Person) -> None:
    schedule = weekly(ada)
    browser = at_the_desk(grace)
    shift = browser.get(schedule.get_absolute_url()).context["shifts"][0]
    typed = {
        "user": grace.user.pk,
        "change": "replace",
        "instead_of": "",
        "starts_at": shift["starts"].isoformat(),
        "ends_at": shift["segment"].ends_at.isoformat(),
    }
    assert browser.post(reverse("override_new", args=[schedule.slug]), typed).status_code == 302
    assert Override.objects.get().ends_at == shift["segment"].ends_at


def test_override_that_ends_before_it_starts_is_kept_with_a_sentence(world: World, ada: Person) -> None:
    schedule = weekly(ada)
    typed = {
        "user": ada.user.pk,
        "change": "replace",
        "starts_at": local(world.now + timedelta(days=2)),
        "ends_at": local(world.now + timedelta(days=1)),
        "note": "wrong way",
    }
    answer = at_the_desk(ada).post(reverse("override_new", args=[schedule.slug]), typed)
    assert answer.status_code == 422
    assert "Before the start" in text_of(answer)
    assert 'value="wrong way"' in text_of(answer)


def test_override_of_another_schedule_is_not_there(world: World, ada: Person) -> None:
    schedule = weekly(ada)
    other = domain.schedule("Other")
    row = Override.objects.create(
        schedule=other,
        user=ada.user,
        starts_at=world.now,
        ends_at=world.now + timedelta(days=1),
        created_at=world.now,
    )
    assert at_the_desk(ada).post(reverse("override_delete", args=[schedule.slug, row.pk])).status_code == 404


@pytest.mark.parametrize("query", ["starts=x&ends=", "starts=99999999999999999999", "instead_of=-1", "instead_of=x"])
def test_link_that_makes_no_sense_shows_an_empty_form(ada: Person, query: str) -> None:
    where = reverse("override_new", args=[weekly(ada).slug])
    assert at_the_desk(ada).get(f"{where}?{query}").status_code == 200


def test_schedule_that_a_policy_pages_is_not_deleted(world: World, ada: Person) -> None:
    schedule = weekly(ada)
    world.policy([schedule])
    where = reverse("schedule_delete", args=[schedule.slug])
    referer = {"referer": f"http://testserver{reverse('schedule_edit', args=[schedule.slug])}"}
    assert "still used by Policy 1" in text_of(at_the_desk(ada).post(where, follow=True, headers=referer))
    assert Schedule.objects.exists()


def test_observer_looks_and_changes_nothing(world: World, ada: Person) -> None:
    schedule = weekly(ada)
    oscar = at_the_desk(observer(world))
    page = read(oscar, schedule)
    assert "override/?starts" not in page
    assert oscar.get(reverse("oncall")).status_code == 200
    for name in ("schedule_edit", "override_new"):
        assert oscar.get(reverse(name, args=[schedule.slug])).status_code == 403
    assert oscar.get(NEW).status_code == 403
    assert oscar.post(reverse("schedule_delete", args=[schedule.slug])).status_code == 403


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("mon-fri 9-17", "Mon–Fri 09:00–17:00"),
        ("Monday–Friday 09:00–17:00, Sat 10-12", "Mon–Fri 09:00–17:00, Sat 10:00–12:00"),
        ("fri-mon 22:00-6:00", "Mon + Fri–Sun 22:00–06:00"),  # over the end of the week
        ("mon and wed 8-9; 12:30-13", "Mon + Wed 08:00–09:00, 12:30–13:00"),
        ("sun 18-24", "Sun 18:00–00:00"),
    ],
)
def test_hours_are_read_and_written(text: str, written: str) -> None:
    assert hours.write(hours.read(text)) == written
    assert hours.read(written) == hours.read(text)


def test_hours_over_midnight_keep_the_day_on_which_they_begin() -> None:
    (found,) = hours.read("Fri 22:00-06:00")
    assert isinstance(found, Restriction)
    assert found.weekdays == {4}
