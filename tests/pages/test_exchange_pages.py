"""Swaps, replacements and imported calendars, as people use them on the pages and programs over the API."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.api.caller import Caller
from tests.apps import domain
from tests.apps.test_ical import calendar, event
from tests.pages.desk import at_the_desk, living, observer, text_of
from tests.world import Person, World
from tocsin.core.permissions import Role
from tocsin.schedules import queries, swaps
from tocsin.schedules.models import ImportedCalendar, Replacement, Schedule, SwapRequest

pytestmark = pytest.mark.django_db
HOME = reverse("home")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def made(ada: Person, grace: Person) -> Schedule:
    return domain.schedule("Checkout", domain.weekly(ada.user, grace.user))


def next_of(world: World, made: Schedule, person: Person) -> tuple[object, object]:
    """Their next whole shift."""
    segments = queries.final(made, world.now, world.now + timedelta(days=60))
    return next((s.starts_at, s.ends_at) for s in segments[1:] if s.people == (person.user.pk,))


def asked(world: World, made: Schedule, asker: Person) -> SwapRequest:
    return swaps.ask(asker.actor, made, next_of(world, made, asker), world.now)  # type: ignore[arg-type]


def test_a_swap_from_the_shift_to_home_and_back(world: World, ada: Person, grace: Person, made: Schedule) -> None:
    hers, his = at_the_desk(grace), at_the_desk(ada)
    starts, ends = next_of(world, made, grace)
    page = text_of(hers.get(made.get_absolute_url()))
    assert "Subscribe in your calendar" in page
    new = reverse("swap_new", args=[made.slug])
    assert new in page
    form = hers.get(new, {"starts": starts.isoformat(), "ends": ends.isoformat()})  # type: ignore[attr-defined]
    typed = {name: form.context["form"][name].value() or "" for name in ("starts_at", "ends_at", "whom", "back")}
    answer = hers.post(new, {**typed, "note": "dentist"})
    row = SwapRequest.objects.get()
    assert (answer.url, row.starts_at, row.ends_at) == (row.get_absolute_url(), starts, ends)
    home = text_of(his.get(HOME))
    assert "Take Grace’s shift in Checkout" in home
    assert "dentist" in home
    assert "Asked of you" not in text_of(hers.get(HOME))
    assert his.post(reverse("swap_act", args=[row.pk, "accept"]), {"next": "/"}).url == "/"
    assert "Ada takes it" in text_of(hers.get(row.get_absolute_url()))
    assert "Ada for Grace" in text_of(his.get(made.get_absolute_url()))
    hers.post(reverse("swap_act", args=[row.pk, "cancel"]))
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_a_trade_is_chosen_from_the_shifts_of_others(world: World, ada: Person, grace: Person, made: Schedule) -> None:
    desk, new = at_the_desk(grace), reverse("swap_new", args=[made.slug])
    starts, ends = next_of(world, made, grace)
    form = desk.get(new).context["form"]
    (_, first, *_) = form.fields["back"].choices
    assert first[1].startswith("Ada: ")
    typed = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat(), "whom": "", "back": first[0]}  # type: ignore[attr-defined]
    assert desk.post(new, typed).status_code == 302
    row = SwapRequest.objects.get()
    assert (row.asked, row.back_starts_at) == (ada.user, next_of(world, made, ada)[0])


@pytest.mark.parametrize(
    "changes",
    [
        # nothing at all
        {"starts_at": "", "ends_at": ""},
        # not a time
        {"starts_at": "soon"},
        # a shift that was never offered
        {"back": "1 2"},
        # nobody
        {"whom": "999999"},
    ],
)
def test_what_makes_no_sense_is_said_beside_the_form(
    world: World, grace: Person, made: Schedule, changes: dict[str, str]
) -> None:
    starts, ends = next_of(world, made, grace)
    typed = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat(), **changes}  # type: ignore[attr-defined]
    assert at_the_desk(grace).post(reverse("swap_new", args=[made.slug]), typed).status_code == 422


def test_who_comes_too_late_is_told_so(world: World, ada: Person, grace: Person, made: Schedule) -> None:
    linus = world.person("Linus")
    made.layers.first().participants.create(turn=9, user=linus.user)  # type: ignore[union-attr]
    row = asked(world, made, grace)
    at_the_desk(ada).post(reverse("swap_act", args=[row.pk, "accept"]))
    late = at_the_desk(linus).post(reverse("swap_act", args=[row.pk, "accept"]), follow=True)
    assert "Ada was faster" in text_of(late)


def test_who_is_not_concerned_sees_no_buttons(world: World, grace: Person, made: Schedule) -> None:
    row = asked(world, made, grace)
    desk = at_the_desk(observer(world))
    page = text_of(desk.get(row.get_absolute_url()))
    assert "Take the shift" not in page
    assert desk.post(reverse("swap_act", args=[row.pk, "accept"])).status_code == 403
    assert desk.post(reverse("swap_act", args=[row.pk, "steal"])).status_code == 404
    assert desk.get(reverse("swap_new", args=[made.slug])).status_code == 403


def test_a_replacement_is_made_and_ended(world: World, ada: Person, made: Schedule) -> None:
    desk = at_the_desk(ada)
    new = reverse("replacement_new", args=[made.slug])
    assert desk.get(new).status_code == 200
    starts, ends = (f"{world.now + timedelta(days=d):%Y-%m-%dT%H:%M}" for d in (2, 9))
    typed = {"starts_at": starts, "ends_at": ends, "every": "1", "unit": "day", "handoff_at": "09:00"}
    assert desk.post(new, {**typed, "name": "Holidays"}).status_code == 422  # nobody's turn
    assert desk.post(new, {**typed, "name": "Holidays", "first": str(ada.user.pk)}).status_code == 302
    found = queries.on_call([made.pk], world.now + timedelta(days=3))[made.pk]
    assert (found.people, found.sources) == ((ada.user.pk,), ("Holidays: layer Rotation",))
    assert "Holidays" in text_of(desk.get(made.get_absolute_url()))
    desk.post(reverse("replacement_end", args=[made.slug, Replacement.objects.get().pk]))
    assert not Replacement.objects.exists()


def test_a_calendar_is_pasted_or_uploaded_listed_and_taken_out(world: World, ada: Person, made: Schedule) -> None:
    desk, new = at_the_desk(ada), reverse("calendar_new", args=[made.slug])
    day = f"{world.now + timedelta(days=3):%Y%m%d}"
    text = calendar(
        event(f"DTSTART:{day}T080000Z", "DURATION:PT8H", summary="Ada"),
        event(f"DTSTART:{day}T090000Z", "DURATION:PT8H", uid="2", summary="Eve of the agency"),
    )
    assert desk.get(new).status_code == 200
    assert desk.post(new, {"name": "Nights", "text": "hello"}).status_code == 422
    upload = SimpleUploadedFile("rota.ics", text.encode())
    assert desk.post(new, {"name": "Nights", "file": upload, "is_above": "on"}).status_code == 302
    row = ImportedCalendar.objects.get()
    page = text_of(desk.get(made.get_absolute_url()))
    assert "Eve of the agency" in page
    assert "1 event names nobody here" in page
    for deed, left in (("refresh", 1), ("remove", 0)):
        desk.post(reverse("calendar_act", args=[made.slug, row.pk, deed]))
        assert ImportedCalendar.objects.count() == left
    assert desk.post(reverse("calendar_act", args=["other", row.pk, "remove"])).status_code == 404


def test_the_schedule_page_shows_its_quality(ada: Person, made: Schedule) -> None:
    rating = at_the_desk(ada).get(made.get_absolute_url()).context["quality"]
    assert (rating.coverage, rating.quality.score) == (100, 100)
    assert [round(share) for _, share in rating.loads] == [50, 50]


def test_swaps_over_the_api(world: World, ada: Person, grace: Person, made: Schedule) -> None:
    hers, his = Caller(grace.user), Caller(ada.user)
    starts, ends = next_of(world, made, grace)
    body = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}  # type: ignore[attr-defined]
    row = hers.post("/schedules/checkout/swaps", body)
    assert [it["id"] for it in his.get("/swaps/asked-of-me")] == [row["id"]]
    assert hers.get("/swaps/asked-of-me") == []
    assert his.post(f"/swaps/{row['id']}/accept", expect=200)["taker"] == ada.user.pk
    assert hers.call("POST", f"/swaps/{row['id']}/withdraw").status == 409
    assert hers.post(f"/swaps/{row['id']}/cancel", expect=200)["state"] == "cancelled"
    assert hers.get("/swaps")["items"][0] == hers.get(f"/swaps/{row['id']}")
    assert hers.call("POST", "/schedules/checkout/swaps", {**body, "asked": grace.user.pk}).status == 409
    again = hers.post("/schedules/checkout/swaps", {**body, "asked": ada.user.pk})
    assert his.post(f"/swaps/{again['id']}/decline", expect=200)["state"] == "declined"


def test_replacements_calendars_and_quality_over_the_api(world: World, ada: Person, made: Schedule) -> None:
    caller = Caller(world.person("Olga", Role.OWNER).user)
    starts, ends = world.now + timedelta(days=1), world.now + timedelta(days=2)
    layer = {"name": "L", "starts_on": "2026-01-05", "handoff_at": "09:00:00", "turns": [[ada.user.pk]]}
    body = {"name": "Strike", "starts_at": starts.isoformat(), "ends_at": ends.isoformat(), "layers": [layer]}
    row = caller.post("/schedules/checkout/replacements", body)
    assert caller.get("/schedules/checkout/replacements")["items"][0]["layers"][0]["turns"] == [[ada.user.pk]]
    assert caller.call("DELETE", f"/replacements/{row['id']}").status == 204
    text = calendar(event(f"DTSTART:{starts:%Y%m%dT%H%M%SZ}", "DURATION:PT1H", summary="Eve"))
    imported = caller.post("/schedules/checkout/calendars", {"name": "C", "text": text})
    assert caller.get("/schedules/checkout/calendars")["items"][0]["unmatched"][0]["summary"] == "Eve"
    assert caller.call("DELETE", f"/calendars/{imported['id']}").status == 204
    assert caller.get("/schedules/checkout/quality")["score"] == 100
