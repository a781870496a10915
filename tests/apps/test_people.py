"""People, teams and tokens."""

from datetime import timedelta

import pytest
from django.http import Http404
from holidays.registry import COUNTRIES

from tests.apps.domain import ADMIN, NOW, PASSWORD, as_, hours, person, role, team
from tocsin.audit.models import Record
from tocsin.core.permissions import Denied, Role, Scope, Verb
from tocsin.outbox.models import Message
from tocsin.people import actions, countries, queries
from tocsin.people.models import ApiToken, User
from tocsin.people.problems import Refused

pytestmark = pytest.mark.django_db


def owner(name: str = "Olga") -> User:
    return actions.create_first_owner(f"{name}@Example.org", name, PASSWORD, "Europe/Berlin", NOW)


def test_the_first_owner_comes_in_by_the_browser_and_only_once() -> None:
    assert queries.is_empty()
    olga = owner()
    assert (olga.email, olga.role, olga.time_zone) == ("olga@example.org", Role.OWNER, "Europe/Berlin")
    assert olga.check_password(PASSWORD)
    assert not queries.is_empty()
    with pytest.raises(Refused, match="already has an owner"):
        owner("Eve")


@pytest.mark.parametrize(
    ("email", "password", "zone", "field"),
    [
        # no address
        ("nonsense", PASSWORD, "UTC", "email"),
        # too short
        ("olga@example.org", "short", "UTC", "password"),
        # everybody's
        ("olga@example.org", "password123", "UTC", "password"),
        # her own name
        ("olga@example.org", "olga@example.org", "UTC", "password"),
        # no zone
        ("olga@example.org", PASSWORD, "Mars/Olympus", "time_zone"),
    ],
)
def test_a_first_owner_who_is_refused_leaves_nothing(email: str, password: str, zone: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.create_first_owner(email, "Olga", password, zone, NOW)
    assert field in refused.value.fields
    assert queries.is_empty()


def test_somebody_invited_chooses_a_password_by_the_link() -> None:
    platform = team("Platform")
    ada, token = actions.invite(ADMIN, " Ada@example.org ", "Ada", Role.RESPONDER, platform, NOW)
    assert (ada.email, ada.has_usable_password(), list(ada.teams.all())) == ("ada@example.org", False, [platform])
    found = queries.invitation(token, NOW)
    assert found is not None
    assert found.user == ada
    actions.accept_invitation(token, PASSWORD, NOW)
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
    with pytest.raises(Refused, match="not valid any more"):
        actions.accept_invitation(token, "another password", NOW)


def test_everybody_can_be_reached_in_the_browser_from_the_start() -> None:
    (method,) = person("Ada").contact_methods.all()
    assert (method.kind, method.verified_at) == ("inapp", NOW)


def test_an_invitation_holds_for_a_week() -> None:
    _, token = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    assert queries.invitation(token, NOW + timedelta(days=7, seconds=-1))
    assert queries.invitation(token, NOW + timedelta(days=7)) is None


def test_a_weak_password_leaves_the_invitation_open() -> None:
    _, token = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    with pytest.raises(Refused):
        actions.accept_invitation(token, "short", NOW)
    assert queries.invitation(token, NOW)


def test_a_new_link_ends_the_old_one() -> None:
    ada, old = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    new = actions.renew_invitation(ADMIN, ada, NOW)
    assert queries.invitation(old, NOW) is None
    assert queries.invitation(new, NOW)


def test_an_invitation_ends_with_the_account() -> None:
    ada, token = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    actions.set_active(ADMIN, ada, NOW, active=False)
    assert queries.invitation(token, NOW) is None


def test_without_a_mail_server_nothing_is_mailed() -> None:
    person("Ada")
    assert not Message.objects.exists()


def test_with_a_mail_server_the_link_is_mailed(settings: pytest.FixtureRequest) -> None:
    settings.SMTP_URL = "smtp://localhost"  # type: ignore[attr-defined]
    _, token = actions.invite(ADMIN, "ada@example.org", "Ada", Role.RESPONDER, None, NOW)
    message = Message.objects.get()
    assert (message.kind, message.purpose, message.target) == ("email", "invitation", "ada@example.org")
    assert message.payload["url"].endswith(f"/invitation/{token}/")


def test_a_whole_team_comes_in_from_one_form_and_one_bad_line_stops_nobody() -> None:
    person("Ada")
    entries = actions.read_entries("Grace Hopper <grace@example.org>\n\nlinus.t@example.org\nada@example.org\nnonsense")
    assert entries == [
        ("grace@example.org", "Grace Hopper"),
        ("linus.t@example.org", "Linus T"),
        ("ada@example.org", "Ada"),
        ("nonsense", "Nonsense"),
    ]
    invited = actions.invite_many(ADMIN, entries, Role.RESPONDER, team("Platform"), NOW)
    assert [(i.user.name if i.user else None) for i in invited] == ["Grace Hopper", "Linus T", None, None]
    assert all(i.token if i.user else i.problem for i in invited)


def test_an_address_belongs_to_one_person_whatever_its_case() -> None:
    person("Ada")
    with pytest.raises(Refused) as refused:
        actions.invite(ADMIN, "ADA@example.org", "Another", Role.RESPONDER, None, NOW)
    assert "email" in refused.value.fields


def test_people_change_themselves_and_admins_change_others() -> None:
    ada, grace = person("Ada"), person("Grace")
    actions.change_person(as_(ada), ada, NOW, name="Ada L.", time_zone="Asia/Kathmandu", email="Ada@Lovelace.org")
    ada.refresh_from_db()
    assert (ada.name, ada.time_zone, ada.email) == ("Ada L.", "Asia/Kathmandu", "ada@lovelace.org")
    with pytest.raises(Denied):
        actions.change_person(as_(ada), grace, NOW, name="Eve")
    actions.change_person(as_(person("Root", Role.ADMIN)), grace, NOW, name="Grace H.")


def test_a_change_that_is_refused_leaves_the_row_in_hand_as_it_was() -> None:
    person("Grace")
    ada = person("Ada")
    with pytest.raises(Refused):
        actions.change_person(ADMIN, ada, NOW, name="Ada L.", email="grace@example.org")
    assert (ada.name, ada.email) == ("Ada", "ada@example.org")


def test_a_role_cannot_be_changed_in_passing() -> None:
    ada = person("Ada")
    with pytest.raises(TypeError):
        actions.change_person(as_(ada), ada, NOW, role="owner")


def test_an_admin_cannot_take_an_owners_account() -> None:
    olga, root = owner(), person("Root", Role.ADMIN)
    for attempt in (
        lambda: actions.change_person(as_(root), olga, NOW, email="root@example.org"),
        lambda: actions.set_active(as_(root), olga, NOW, active=False),
        lambda: actions.set_role(as_(root), olga, Role.OBSERVER, NOW),
        lambda: actions.set_role(as_(root), root, Role.OWNER, NOW),
        lambda: actions.renew_invitation(as_(root), olga, NOW),
        lambda: actions.create_token(as_(root), "t", [Scope.ADMIN], olga, None, NOW),
        lambda: actions.add_method(as_(root), olga, "email", "", "root@example.org", NOW),
        lambda: actions.invite(as_(root), "eve@example.org", "Eve", Role.OWNER, None, NOW),
    ):
        with pytest.raises(Denied):
            attempt()


def test_the_last_owner_stays_owner_and_active() -> None:
    olga = owner()
    with pytest.raises(Refused, match="last owner"):
        actions.set_role(as_(olga), olga, Role.ADMIN, NOW)
    with pytest.raises(Refused, match="last owner"):
        actions.set_active(as_(olga), olga, NOW, active=False)
    second = person("Oskar", Role.OWNER)
    actions.set_role(as_(olga), olga, Role.ADMIN, NOW)
    with pytest.raises(Refused, match="last owner"):
        actions.set_active(as_(second), second, NOW, active=False)


def test_an_inactive_owner_does_not_count() -> None:
    olga, oskar = owner(), person("Oskar", Role.OWNER)
    actions.set_active(as_(olga), oskar, NOW, active=False)
    with pytest.raises(Refused, match="last owner"):
        actions.set_role(as_(olga), olga, Role.ADMIN, NOW)


def test_somebody_inactive_may_nothing() -> None:
    ada = person("Ada", Role.ADMIN)
    actions.set_active(ADMIN, ada, NOW, active=False)
    assert as_(ada).verbs == frozenset()


def test_people_are_found_by_name_and_address() -> None:
    ada = person("Ada")
    person("Grace")
    assert list(queries.people(role(Role.OBSERVER), "ada@")) == [ada]
    assert queries.people(role(Role.OBSERVER)).count() == 2
    assert queries.person(role(Role.OBSERVER), ada.pk) == ada
    with pytest.raises(Http404):
        queries.person(role(Role.OBSERVER), 10_000)


def test_teams_have_members_and_leads() -> None:
    ada, grace, linus = person("Ada"), person("Grace"), person("Linus")
    platform = team("Platform", ada)
    actions.set_members(ADMIN, platform, [ada.pk, linus.pk], NOW, leads=[grace.pk])
    assert queries.team_members([platform.pk]) == {platform.pk: (grace.pk, ada.pk, linus.pk)}
    actions.set_active(ADMIN, ada, NOW, active=False)
    assert queries.team_members([platform.pk]) == {platform.pk: (grace.pk, linus.pk)}
    change = Record.objects.filter(object_kind="team").latest("id")
    assert change.before == {"members": ["Ada"]}
    assert change.after == {"members": ["Ada", "Grace (lead)", "Linus"]}


def test_a_team_of_somebody_who_is_not_there_is_refused() -> None:
    ada = person("Ada")
    platform = team("Platform", ada)
    with pytest.raises(Refused):
        actions.set_members(ADMIN, platform, [10_000], NOW)
    assert queries.team_members([platform.pk]) == {platform.pk: (ada.pk,)}


def test_teams_keep_their_link_when_they_are_renamed() -> None:
    platform = team("Platform & Friends")
    actions.change_team(ADMIN, platform, NOW, name="Base")
    assert queries.team(ADMIN, "platform-friends").name == "Base"


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        # the same after the accents are gone
        (["Über", "Uber"], ["uber", "uber-2"]),
        # a name that is a page
        (["New"], ["new-2"]),
        # nothing that a link could hold
        (["日本", "★"], ["team", "team-2"]),
    ],
)
def test_every_team_has_its_own_link(names: list[str], slugs: list[str]) -> None:
    assert [team(name).slug for name in names] == slugs


def test_two_teams_cannot_have_one_name() -> None:
    team("Platform")
    with pytest.raises(Refused) as refused:
        team("Platform")
    assert "name" in refused.value.fields


def test_a_team_can_be_deleted() -> None:
    platform = team("Platform", person("Ada"))
    actions.delete_team(ADMIN, platform, NOW)
    assert not queries.teams(ADMIN).exists()


def test_stewards_are_the_active_owners_and_admins() -> None:
    olga, root, gone = owner(), person("Root", Role.ADMIN), person("Gone", Role.ADMIN)
    person("Ada")
    actions.set_active(ADMIN, gone, NOW, active=False)
    assert queries.stewards() == (olga.pk, root.pk)


def test_a_token_acts_as_its_person_within_its_scopes() -> None:
    ada = person("Ada")
    token, raw = actions.create_token(as_(ada), "laptop", [Scope.READ], ada, None, NOW)
    actor = queries.actor_of_token(raw, NOW)
    assert actor is not None
    assert (actor.user_id, actor.via, actor.verbs) == (ada.pk, "api", frozenset({Verb.VIEW}))
    assert raw not in str(ApiToken.objects.values())
    assert raw.startswith(token.hint)


def test_a_token_never_may_more_than_its_person() -> None:
    ada = person("Ada")
    _, raw = actions.create_token(as_(ada), "all", [Scope.ADMIN], ada, None, NOW)
    actor = queries.actor_of_token(raw, NOW)
    assert actor is not None
    assert actor.verbs == as_(ada).verbs


def test_a_token_of_nobody_is_limited_by_its_scopes_and_owns_nothing() -> None:
    _, raw = actions.create_token(ADMIN, "robot", [Scope.ADMIN], None, None, NOW)
    actor = queries.actor_of_token(raw, NOW)
    assert actor is not None
    assert actor.may(Verb.MANAGE_PEOPLE)
    assert not actor.may(Verb.OWN)


def test_tokens_that_do_not_work() -> None:
    ada = person("Ada")
    token, revoked = actions.create_token(as_(ada), "a", [Scope.READ], ada, None, NOW)
    actions.revoke_token(as_(ada), token, NOW)
    _, over = actions.create_token(as_(ada), "b", [Scope.READ], ada, hours(1), NOW)
    assert queries.actor_of_token(over, NOW)
    assert queries.actor_of_token(over, hours(1)) is None
    assert queries.actor_of_token(revoked, NOW) is None
    assert queries.actor_of_token("toc_nonsense", NOW) is None
    _, inactive = actions.create_token(as_(ada), "c", [Scope.READ], ada, None, NOW)
    actions.set_active(ADMIN, ada, NOW, active=False)
    assert queries.actor_of_token(inactive, NOW) is None


def test_the_last_use_is_written_down_once_a_minute() -> None:
    ada = person("Ada")
    token, raw = actions.create_token(as_(ada), "a", [Scope.READ], ada, None, NOW)
    for seconds, expected in ((0, 0), (59, 0), (61, 61)):
        queries.actor_of_token(raw, NOW + timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used_at == NOW + timedelta(seconds=expected)


def test_tokens_are_seen_by_their_person_and_by_admins() -> None:
    ada, grace = person("Ada"), person("Grace")
    token, _ = actions.create_token(as_(ada), "a", [Scope.READ], ada, None, NOW)
    assert list(queries.tokens(as_(ada))) == [token]
    assert not queries.tokens(as_(grace)).exists()
    assert list(queries.tokens(ADMIN)) == [token]
    with pytest.raises(Http404):
        queries.token(as_(grace), token.pk)
    with pytest.raises(Denied):
        actions.revoke_token(as_(grace), token, NOW)


@pytest.mark.parametrize("scopes", [[], ["everything"], ["read", "everything"]])
def test_a_token_needs_scopes_that_exist(scopes: list[str]) -> None:
    with pytest.raises(Refused):
        actions.create_token(ADMIN, "a", scopes, None, None, NOW)


def test_a_token_cannot_end_before_it_begins() -> None:
    with pytest.raises(Refused):
        actions.create_token(ADMIN, "a", [Scope.READ], None, NOW, NOW)


def test_countries_are_those_whose_holidays_are_known() -> None:
    assert countries.names().keys() == {str(code) for _, code, *_ in COUNTRIES.values()}
    assert countries.names()["BA"] == "Bosnia and Herzegovina"
