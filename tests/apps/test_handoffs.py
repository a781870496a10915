"""No silent transfers: drafted, signed, accepted, and told where it is not."""

from datetime import datetime, timedelta

import pytest

from tests.apps.domain import ADMIN, NOW, as_, person, schedule, weekly
from tests.conftest import NOON
from tests.world import SETUP, World
from tocsin.core.handover import State
from tocsin.core.permissions import Denied, Role
from tocsin.handoffs import actions, queries
from tocsin.handoffs.keeping import CHANGED, TOO_LATE, keep
from tocsin.handoffs.models import Handoff
from tocsin.handoffs.queries import Filters
from tocsin.outbox.models import Message
from tocsin.people.actions import create_team, set_members
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.schedules.actions import add_override, change_schedule
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db
HANDOFF_AT = datetime.fromisoformat("2026-03-09T09:00+01:00")  # Monday; Ada goes, Grace comes


@pytest.fixture
def ada() -> User:
    return person("Ada", email=True)


@pytest.fixture
def grace() -> User:
    return person("Grace", email=True)


@pytest.fixture
def rota(ada: User, grace: User) -> Schedule:
    return schedule("Primary", weekly(ada, grace))


def at(minutes: float) -> datetime:
    """After the handoff; before it, when negative."""
    return HANDOFF_AT + timedelta(minutes=minutes)


def said() -> list[tuple[str, str]]:
    """To whom, and what; the newest last. They are taken out."""
    found = [(m.target.split("@")[0], str(m.payload["title"])) for m in Message.objects.order_by("pk")]
    Message.objects.all().delete()
    return found


def drafted(minutes: float = -120) -> Handoff:
    keep(at(minutes))
    return Handoff.objects.select_related("schedule", "outgoing", "incoming").get()


def test_draft_is_made_two_hours_before_and_who_goes_is_reminded_once(rota: Schedule, ada: User) -> None:
    assert keep(at(-121)) == 0
    made = drafted()
    assert (made.state, made.outgoing, made.leaves_at, made.begins_at) == (State.DRAFT, ada, HANDOFF_AT, HANDOFF_AT)
    assert said() == [("ada", "Sign the handoff of Primary")]
    keep(at(-119))
    keep(at(-119))
    assert Handoff.objects.count() == 1
    assert said() == []


def test_signed_and_accepted_in_time_nobody_is_told(rota: Schedule, ada: User, grace: User) -> None:
    made = drafted()
    said()
    actions.sign(as_(ada), made, "Watch the disk of db-1.", at(-10))
    assert said() == [("grace", "You take over Primary from Ada")]
    actions.accept(as_(grace), made, at(5))
    keep(at(30))
    assert said() == []
    made.refresh_from_db()
    assert (made.state, made.body, made.accepted_by) == (State.ACCEPTED, "Watch the disk of db-1.", grace)


def test_unaccepted_both_and_the_lead_are_told_after_half_an_hour(rota: Schedule, ada: User, grace: User) -> None:
    lead = person("Linus", email=True)
    team = create_team(ADMIN, "Platform", NOW)
    set_members(ADMIN, team, [ada.pk, grace.pk], NOW, leads=[lead.pk])
    change_schedule(ADMIN, rota, NOW, team=team)
    actions.sign(as_(ada), drafted(), "Nothing.", at(-10))
    said()
    keep(at(29))
    assert said() == []
    keep(at(30))
    keep(at(31))
    title = "The handoff of Primary is open"
    assert sorted(said()) == [("ada", title), ("grace", title), ("linus", title)]


def test_unsigned_who_comes_is_still_asked_to_test_the_pager(rota: Schedule) -> None:
    drafted()
    said()
    keep(at(0))
    assert said() == [("grace", "You take over Primary from Ada")]


def test_signed_late_who_comes_hears_of_it_too(rota: Schedule, ada: User) -> None:
    made = drafted()
    keep(at(0))
    said()
    actions.sign(as_(ada), made, "Late, but here.", at(10))
    assert said() == [("grace", "You take over Primary from Ada")]


def test_what_nobody_accepts_lapses_after_a_day(rota: Schedule) -> None:
    made = drafted()
    keep(at(24 * 60))
    made.refresh_from_db()
    assert (made.state, made.lapsed_why) == (State.LAPSED, TOO_LATE)


def test_override_before_the_change_withdraws_it(rota: Schedule, ada: User) -> None:
    made = drafted()
    add_override(ADMIN, rota, ada, at(-1), at(60), at(-60))
    keep(at(-59))
    made.refresh_from_db()
    assert (made.state, made.lapsed_why) == (State.LAPSED, CHANGED)
    assert [h.begins_at for h in Handoff.objects.filter(state=State.DRAFT)] == [at(60)]


def test_over_a_weekend_friday_hands_over_to_monday(ada: User, grace: User) -> None:
    """The handoff stays open over the time in which nobody is on call."""
    rota = schedule("Days", weekly(ada, grace))
    add_override(ADMIN, rota, ada, at(-2 * 24 * 60), at(0), NOW, change="remove")
    keep(at(-2 * 24 * 60 - 60))
    for hours in (40, 20, 1):
        keep(at(-60 * hours))
    made = Handoff.objects.get(begins_at=HANDOFF_AT)
    assert (made.state, made.leaves_at) == (State.DRAFT, at(-2 * 24 * 60))


def test_after_a_downtime_nothing_is_said_about_the_past(rota: Schedule) -> None:
    keep(at(31))
    assert not Handoff.objects.exists()
    assert said() == []


def test_schedule_that_cannot_be_read_any_more_keeps_what_is_under_way(rota: Schedule) -> None:
    made = drafted()
    said()
    Schedule.objects.filter(pk=rota.pk).update(time_zone="Mars/Olympus")
    keep(at(0))
    assert said() == [("grace", "You take over Primary from Ada")]
    made.refresh_from_db()
    assert made.state == State.DRAFT


def test_draft_follows_what_happens_until_it_is_edited() -> None:
    world = World(NOON)
    ada, grace = world.person("Ada"), world.person("Grace")
    rota = schedule("Primary", weekly(ada.user, grace.user))
    monitoring = world.monitoring(world.policy([rota]))
    made = drafted()
    assert "Active now:\n- Nothing." in made.body
    monitoring.fires("disk is full")
    keep(at(-100))
    made.refresh_from_db()
    assert "disk is full (Checkout), triggered, since Wed 4 Mar 13:00" in made.body
    assert [group.title for group in queries.active(SETUP, made)] == ["disk is full"]
    actions.write(as_(ada.user), made, "All mine.", at(-90))
    monitoring.recovers("disk is full")
    keep(at(-80))
    made.refresh_from_db()
    assert made.body == "All mine."


def test_watch_items_name_gaps_and_overrides(rota: Schedule, grace: User) -> None:
    add_override(ADMIN, rota, grace, at(600), at(660), NOW, change="remove", note="dentist")
    body = drafted().body
    assert "- Grace steps out from Mon 9 Mar 19:00 to Mon 9 Mar 20:00: dentist" in body
    assert "- Nobody is on call from Mon 9 Mar 19:00 to Mon 9 Mar 20:00" in body


def test_only_the_two_and_who_answers_for_them(rota: Schedule, ada: User, grace: User) -> None:
    made, other, boss = drafted(), person("Linus"), person("Olga", Role.ADMIN)
    for somebody in (grace, other):
        with pytest.raises(Denied):
            actions.sign(as_(somebody), made, "Not mine.", at(-10))
    actions.sign(as_(boss), made, "In Ada's place.", at(-10))
    for somebody in (ada, other):
        with pytest.raises(Denied):
            actions.accept(as_(somebody), made, at(1))
    actions.accept(as_(grace), made, at(1))


def test_pressed_twice_it_counts_once(rota: Schedule, ada: User, grace: User) -> None:
    made = drafted()
    stale = Handoff.objects.get(pk=made.pk)
    with pytest.raises(Refused, match="not signed yet"):
        actions.accept(as_(grace), made, at(0))
    actions.sign(as_(ada), made, "First.", at(-10))
    with pytest.raises(Refused, match="signed already"):
        actions.sign(as_(ada), stale, "Second.", at(-10))
    actions.accept(as_(grace), made, at(0))
    with pytest.raises(Refused, match="accepted already"):
        actions.accept(as_(grace), made, at(0))


def test_an_empty_note_is_refused(rota: Schedule, ada: User) -> None:
    with pytest.raises(Refused):
        actions.sign(as_(ada), drafted(), "  \n", at(-10))


def test_handoffs_are_found_by_words(rota: Schedule, ada: User) -> None:
    made = drafted()
    actions.sign(as_(ada), made, "The certificate of shop runs out.", at(-10))
    for search, count in (("certificate", 1), ("certificate grace", 1), ("primary", 1), ("database", 0)):
        assert queries.handoffs(ADMIN, Filters(search=search)).count() == count


def test_home_knows_what_waits_for_whom(rota: Schedule, ada: User, grace: User) -> None:
    made = drafted()
    assert list(queries.mine(as_(ada))) == [made]
    actions.sign(as_(ada), made, "Nothing.", at(-10))
    assert (list(queries.mine(as_(ada))), list(queries.mine(as_(grace)))) == ([], [made])
