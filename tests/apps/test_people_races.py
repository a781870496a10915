"""Two at the same moment: real transactions, real threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from tests.apps.domain import ADMIN, NOW, PASSWORD, as_, person
from tocsin.core.permissions import Role
from tocsin.people import actions
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.policies.actions import create_policy
from tocsin.policies.models import EscalationPolicy, PolicyVersion
from tocsin.policies.snapshots import version_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """How each ended: “done”, or what it was refused with."""
    ready = Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> str:
        try:
            ready.wait(timeout=10)
            deed()
        except Refused as error:
            return str(error)
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def test_two_browsers_on_the_welcome_page_make_one_owner() -> None:
    def come(name: str) -> Callable[[], object]:
        return lambda: actions.create_first_owner(f"{name}@example.org", name, PASSWORD, "UTC", NOW)

    ends = at_once(come("Olga"), come("Eve"), come("Mallory"))
    assert sorted(end == "done" for end in ends) == [False, False, True]
    assert User.objects.filter(role=Role.OWNER).count() == 1


def test_two_owners_who_leave_at_once_leave_one() -> None:
    olga, oskar = person("Olga", Role.OWNER), person("Oskar", Role.OWNER)
    ends = at_once(
        lambda: actions.set_role(as_(olga), olga, Role.OBSERVER, NOW),
        lambda: actions.set_active(as_(oskar), oskar, NOW, active=False),
    )
    assert sorted(end == "done" for end in ends) == [False, True]
    assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1


def test_a_link_that_is_opened_twice_sets_one_password() -> None:
    _, token = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    passwords = ("first good password", "second good password")
    ends = at_once(*(lambda p=p: actions.accept_invitation(token, p, NOW) for p in passwords))  # type: ignore[misc]
    assert sorted(end == "done" for end in ends) == [False, True]
    ada = User.objects.get()
    assert [ada.check_password(p) for p in passwords] == [end == "done" for end in ends]


def test_a_policy_that_two_alerts_need_at_once_has_one_version() -> None:
    made = create_policy(ADMIN, "Default", NOW)
    look = lambda: version_of(EscalationPolicy.objects.get(pk=made.pk), NOW)  # noqa: E731 - done thrice
    assert at_once(look, look, look) == ["done"] * 3
    assert PolicyVersion.objects.count() == 1


def test_two_teams_of_one_name_are_one() -> None:
    make = lambda: actions.create_team(ADMIN, "Platform", NOW)  # noqa: E731 - done twice
    ends = at_once(make, make)
    assert "done" in ends
    assert sum(end == "done" for end in ends) == 1
