"""Who really was on call stays written down, whatever becomes of the schedule; and who could not be paged is told."""

from datetime import datetime, timedelta

import pytest

from tests.apps.domain import ADMIN, NOW, hours, person, schedule, weekly
from tocsin.care.models import Recorded, ShiftRecord, Unready
from tocsin.care.recording import record
from tocsin.care.warning import warn
from tocsin.health.problems import open_problems
from tocsin.outbox.models import Message
from tocsin.people.actions import create_team, issue_method, set_members
from tocsin.people.models import User
from tocsin.schedules.actions import add_override, change_schedule, delete_schedule, save_layers
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
    made = schedule("Primary", weekly(ada, grace))
    record(NOW)
    return made


def records() -> list[tuple[str, datetime, datetime]]:
    return [(row.user.name, row.starts_at, row.ends_at) for row in ShiftRecord.objects.select_related("user")]


def test_record_begins_when_the_schedule_is_first_seen(rota: Schedule) -> None:
    assert records() == []
    assert Recorded.objects.get().until == NOW


def test_shift_grows_as_time_passes(rota: Schedule) -> None:
    for minutes in (1, 2, 60):
        record(NOW + timedelta(minutes=minutes))
    assert records() == [("Ada", NOW, hours(1))]


def test_again_for_the_same_time_it_changes_nothing(rota: Schedule) -> None:
    for at in (hours(1), hours(1), hours(0.5)):
        record(at)
    assert records() == [("Ada", NOW, hours(1))]


def test_after_a_downtime_all_of_it_is_caught_up_with(rota: Schedule) -> None:
    record(HANDOFF_AT + timedelta(days=1))
    assert records() == [
        ("Ada", NOW, HANDOFF_AT),
        ("Grace", HANDOFF_AT, HANDOFF_AT + timedelta(days=1)),
    ]


def test_step_by_step_it_is_the_same_as_at_once(rota: Schedule) -> None:
    for day in range(1, 8):
        record(NOW + timedelta(days=day))
    assert records() == [("Ada", NOW, HANDOFF_AT), ("Grace", HANDOFF_AT, NOW + timedelta(days=7))]


def test_edited_layers_do_not_change_the_past(rota: Schedule, grace: User) -> None:
    record(hours(1))
    save_layers(ADMIN, rota, [weekly(grace)], hours(1))
    record(hours(2))
    assert records() == [("Ada", NOW, hours(1)), ("Grace", hours(1), hours(2))]


def test_overrides_are_in_it(rota: Schedule, grace: User) -> None:
    add_override(ADMIN, rota, grace, hours(1), hours(2), NOW)
    record(hours(3))
    assert records() == [("Ada", NOW, hours(1)), ("Grace", hours(1), hours(2)), ("Ada", hours(2), hours(3))]


def test_deleted_schedule_leaves_its_record(rota: Schedule) -> None:
    record(hours(1))
    delete_schedule(ADMIN, rota, hours(1))
    record(hours(2))
    row = ShiftRecord.objects.get()
    assert (row.schedule, row.schedule_name, row.ends_at) == (None, "Primary", hours(1))


def test_schedule_that_moves_to_another_team_keeps_its_past_where_it_was(rota: Schedule) -> None:
    record(hours(1))
    change_schedule(ADMIN, rota, hours(1), team=create_team(ADMIN, "Platform", NOW))
    record(hours(2))
    teams = ShiftRecord.objects.order_by("starts_at").values_list("team__name", "ends_at")
    assert list(teams) == [(None, hours(1)), ("Platform", hours(2))]


def test_schedule_that_cannot_be_read_is_caught_up_with_when_it_is_mended(rota: Schedule) -> None:
    other = schedule("Other", weekly(person("Linus")))
    record(NOW)
    Schedule.objects.filter(pk=rota.pk).update(time_zone="Mars/Olympus")
    record(hours(1))
    assert [name for name, _, _ in records()] == ["Linus"]
    Schedule.objects.filter(pk=rota.pk).update(time_zone="Europe/Berlin")
    record(hours(2))
    assert sorted(records()) == [("Ada", NOW, hours(2)), ("Linus", NOW, hours(2))]
    assert set(Recorded.objects.values_list("schedule", "until")) == {(rota.pk, hours(2)), (other.pk, hours(2))}


def test_hundred_schedules_take_no_more_queries_than_one(
    django_assert_max_num_queries: pytest.FixtureRequest, ada: User
) -> None:
    for number in range(12):
        schedule(f"Schedule {number}", weekly(ada))
    record(NOW)
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        record(hours(1))


@pytest.fixture
def newcomer() -> User:
    """Without a contact method; the first shift is Grace's turn, on Monday."""
    return person("Newcomer")


@pytest.fixture
def lead() -> User:
    return person("Linus", email=True)


@pytest.fixture
def soon(ada: User, newcomer: User, lead: User) -> Schedule:
    team = create_team(ADMIN, "Platform", NOW)
    set_members(ADMIN, team, [newcomer.pk], NOW, leads=[lead.pk])
    made = schedule("Primary", weekly(ada, newcomer))
    return change_schedule(ADMIN, made, NOW, team=team)


def said() -> list[str]:
    found = [m.target for m in Message.objects.order_by("pk")]
    Message.objects.all().delete()
    return found


def test_within_a_week_the_person_and_the_lead_are_told_once(
    soon: Schedule, newcomer: User, settings: pytest.FixtureRequest
) -> None:
    settings.SMTP_URL = "smtp://localhost"  # type: ignore[attr-defined]
    for at in (NOW, NOW, hours(1)):
        assert warn(at) == 1
    assert said() == ["newcomer@example.org", "linus@example.org"]
    assert Unready.objects.get().starts_at == HANDOFF_AT
    assert not open_problems().exists()


def test_without_mail_only_the_lead_can_be_told(soon: Schedule) -> None:
    warn(NOW)
    assert said() == ["linus@example.org"]


def test_within_two_days_it_is_a_problem_until_it_is_mended(soon: Schedule, newcomer: User) -> None:
    at = HANDOFF_AT - timedelta(hours=47)
    warn(at)
    assert [p.title for p in open_problems()] == ["Newcomer is on call soon and cannot be paged"]
    issue_method(ADMIN, newcomer, "email", "Mail", "n@example.org", at)
    assert warn(at) == 0
    assert not open_problems().exists()
    assert not Unready.objects.exists()


def test_who_is_on_call_now_is_not_called_soon_and_times_are_the_readers(
    soon: Schedule, newcomer: User, lead: User
) -> None:
    User.objects.filter(pk=lead.pk).update(time_zone="Asia/Tokyo")
    warn(HANDOFF_AT - timedelta(hours=1))
    (told,) = Message.objects.all()
    assert "begins Mon 9 Mar, 17:00 (Asia/Tokyo)" in told.payload["text"]
    problem = open_problems().get()
    assert (problem.title, "From 2026-03-09 08:00 UTC in Primary." in problem.detail) == (
        "Newcomer is on call soon and cannot be paged", True,
    )  # fmt: skip
    warn(HANDOFF_AT + timedelta(minutes=1))
    assert open_problems().get().title == "Newcomer is on call now and cannot be paged"
    assert open_problems().get().detail.startswith("In Primary. No contact method")
    assert Message.objects.count() == 1


def test_problem_is_over_when_somebody_else_takes_the_shift(soon: Schedule, ada: User) -> None:
    at = HANDOFF_AT - timedelta(hours=10)
    warn(at)
    add_override(ADMIN, soon, ada, HANDOFF_AT, HANDOFF_AT + timedelta(days=8), at)
    assert warn(at) == 0
    assert not open_problems().exists()


def test_while_on_call_it_is_said_once_and_not_every_minute(soon: Schedule) -> None:
    warn(HANDOFF_AT + timedelta(minutes=1))
    said()
    warn(HANDOFF_AT + timedelta(minutes=11))
    assert said() == []


def test_more_than_a_week_ahead_nothing_is_said(soon: Schedule) -> None:
    assert warn(HANDOFF_AT - timedelta(days=7)) == 0
