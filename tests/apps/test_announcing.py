"""Gaps and empty shifts are told ahead: once, to who can do something about it."""

from datetime import timedelta

import pytest

from tests.apps.domain import ADMIN, NOW, as_, hours, person, schedule, team, weekly
from tests.apps.test_swaps import said
from tocsin.core.permissions import Role
from tocsin.health.problems import open_problems
from tocsin.people.actions import set_active
from tocsin.people.models import Membership, User
from tocsin.schedules import actions
from tocsin.schedules.announcing import announce, findings
from tocsin.schedules.models import Announced, Schedule

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> User:
    """She leads the team of the schedules here."""
    made = person("Ada", email=True)
    team("Platform", made, person("Grace", email=True))
    Membership.objects.filter(user=made).update(is_lead=True)
    person("Olga", Role.OWNER, email=True)
    return made


def of_platform(made: Schedule) -> Schedule:
    made.team = Membership.objects.get(is_lead=True).team
    made.save()
    return made


def test_a_gap_ahead_is_told_once_to_the_leads(ada: User) -> None:
    of_platform(schedule("Primary", weekly(ada, until=hours(100))))
    assert announce(NOW) == 1
    assert said() == {"ada": "Primary: look at the next two weeks"}
    assert announce(NOW + HOUR) == 0
    assert announce(hours(101)) == 0  # the same gap, once it is there
    assert not said()


def test_without_a_team_the_stewards_are_told(ada: User) -> None:
    schedule("Primary", weekly(ada, until=hours(100)))
    announce(NOW)
    assert set(said()) == {"olga"}


def test_a_gap_within_two_days_is_a_problem_until_it_is_filled(ada: User) -> None:
    made = of_platform(schedule("Primary", weekly(ada, until=hours(100))))
    announce(NOW)
    assert not open_problems()
    announce(hours(53))
    (problem,) = open_problems()
    assert "Primary" in problem.title
    actions.add_override(as_(ada), made, ada, hours(100), hours(24 * 300), NOW)
    announce(hours(54))
    assert not open_problems()


def test_a_new_gap_is_told_beside_one_that_was(ada: User) -> None:
    made = of_platform(schedule("Primary", weekly(ada)))
    for start in (100, 200):
        actions.add_override(ADMIN, made, ada, hours(start), hours(start + 10), NOW, change="remove")
        assert announce(NOW) == 1
    assert len(said()) == 1
    assert Announced.objects.count() == 2
    announce(NOW + timedelta(days=60))
    assert Announced.objects.count() == 0


def test_a_person_who_left_and_still_has_turns_is_told(ada: User) -> None:
    gone = person("Linus")
    of_platform(schedule("Primary", weekly(ada, name="Below"), weekly(gone, ada)))
    set_active(ADMIN, gone, NOW, active=False)
    assert announce(NOW) == 1
    assert set(said()) == {"ada"}


def test_where_gaps_are_meant_they_are_not_told(ada: User) -> None:
    made = schedule("Office", weekly(ada, until=hours(100)))
    Schedule.objects.filter(pk=made.pk).update(tells_gaps=False)
    made.refresh_from_db()
    assert announce(NOW) == 0
    assert findings(made, NOW) == []


def test_a_schedule_that_cannot_be_read_stops_no_other(ada: User) -> None:
    broken = schedule("Bad", weekly(ada))
    Schedule.objects.filter(pk=broken.pk).update(time_zone="Mars/Olympus")
    of_platform(schedule("Primary", weekly(ada, until=hours(100))))
    assert announce(NOW) == 1
