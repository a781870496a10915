import pytest

from tests.apps.domain import ADMIN, NOW, hours, person, role
from tocsin.audit.actions import record
from tocsin.audit.diffs import changed, fields
from tocsin.audit.models import Record
from tocsin.audit.queries import kinds, records, verbs
from tocsin.core.permissions import Denied, Role
from tocsin.people import actions
from tocsin.people.models import ContactMethod, Invitation

pytestmark = pytest.mark.django_db


def test_a_row_is_written_down_without_what_is_secret() -> None:
    ada = person("Ada", email=True)
    method = ContactMethod.objects.get(user=ada, kind="email")
    assert fields(ada) == {
        "email": "ada@example.org",
        "name": "Ada",
        "role": "responder",
        "time_zone": "UTC",
        "is_active": True,
        "country": "",
        "quiet_from": None,
        "quiet_until": None,
        "created_at": NOW.isoformat(),
    }
    assert not {"address", "secret"} & fields(method).keys()
    assert "token_hash" not in fields(Invitation.objects.get(user=ada))


def test_what_a_row_points_to_is_named() -> None:
    ada = person("Ada", email=True)
    assert fields(ada.contact_methods.get(kind="email"))["user"] == "Ada"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # only what differs
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ({"b": 2}, {"b": 3})),
        # something new and something gone
        ({"a": 1}, {"b": 1}, ({"a": 1}, {"b": 1})),
        # nothing
        ({"a": [1]}, {"a": [1]}, ({}, {})),
    ],
)
def test_changed(before: dict, after: dict, expected: tuple) -> None:  # type: ignore[type-arg]
    assert changed(before, after) == expected


def test_a_change_is_kept_with_both_sides_of_what_changed() -> None:
    ada = person("Ada")
    actions.change_person(ADMIN, ada, NOW, name="Ada L.", time_zone="UTC")
    newest = Record.objects.latest("id")
    assert (newest.verb, newest.object_kind, newest.object_id, newest.object_name) == (
        "changed",
        "user",
        str(ada.pk),
        "Ada L.",
    )
    assert (newest.before, newest.after) == ({"name": "Ada"}, {"name": "Ada L."})
    assert (newest.actor, newest.via, newest.at) == ("test", "cli", NOW)


def test_a_change_that_changes_nothing_is_not_written_down() -> None:
    ada = person("Ada")
    count = Record.objects.count()
    actions.change_person(ADMIN, ada, NOW, name="Ada")
    assert Record.objects.count() == count


def test_long_names_are_cut_and_do_not_stop_the_change() -> None:
    ada = person("Ada")
    record(ADMIN, "v" * 100, ada, NOW)
    assert Record.objects.latest("id").verb == "v" * 40


def test_records_are_found_by_what_they_say() -> None:
    ada, grace = person("Ada"), person("Grace")
    record(ADMIN, "greeted", ada, hours(1))
    record(ADMIN, "greeted", grace, hours(2))
    found = records(ADMIN, verb="greeted")
    assert [r.object_name for r in found] == ["Grace", "Ada"]
    assert [r.object_name for r in records(ADMIN, verb="greeted", search="ada")] == ["Ada"]
    assert [r.object_name for r in records(ADMIN, verb="greeted", since=hours(2))] == ["Grace"]
    assert [r.object_name for r in records(ADMIN, verb="greeted", until=hours(2))] == ["Ada"]
    assert [r.object_name for r in records(ADMIN, verb="greeted", object_kind="user", object_id=str(ada.pk))] == ["Ada"]
    assert {"greeted", "created"} <= set(verbs(ADMIN))
    assert "user" in kinds(ADMIN)


@pytest.mark.parametrize("who", [Role.RESPONDER, Role.OBSERVER])
def test_the_log_is_for_owners_and_admins(who: Role) -> None:
    for read in (records, kinds, verbs):
        with pytest.raises(Denied):
            read(role(who))
