"""Contact methods: verified before they are used, and used by the rules of their person."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404

from tests.apps.domain import ADMIN, NOW, as_, hours, person
from tocsin.core.permissions import Denied, Role
from tocsin.core.reach import Method
from tocsin.core.signals import Urgency
from tocsin.outbox.models import Message
from tocsin.people import actions, queries
from tocsin.people.models import ContactMethod, NotificationRule, User
from tocsin.people.problems import Refused
from tocsin.people.reaching import methods_of
from tocsin.sealing import Unsealable

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada() -> User:
    return person("Ada")


def add(user: User, kind: str = "email", address: str = "ada@example.org", label: str = "Work") -> ContactMethod:
    return actions.add_method(as_(user), user, kind, label, address, NOW)


def code_sent() -> str:
    return str(Message.objects.latest("id").payload["data"]["code"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def kinds(user: User, urgency: Urgency = Urgency.HIGH) -> list[tuple[str, int]]:
    return [(m.kind, int(m.delay.total_seconds())) for m in methods_of([user.pk], urgency)[user.pk]]


def test_a_method_is_used_when_its_code_came_back(ada: User) -> None:
    method = add(ada)
    actions.send_code(as_(ada), method, NOW)
    message = Message.objects.get()
    assert (message.kind, message.purpose, message.target) == ("email", "verification", "ada@example.org")
    assert kinds(ada) == [("inapp", 0)]
    actions.verify(as_(ada), method, f" {code_sent()[:3]} {code_sent()[3:]} ", NOW + MINUTE)
    assert kinds(ada) == [("inapp", 0), ("email", 0)]


def test_a_wrong_code_can_be_tried_five_times(ada: User) -> None:
    method = add(ada)
    actions.send_code(as_(ada), method, NOW)
    code = code_sent()
    for _ in range(5):
        with pytest.raises(Refused, match="not the code"):
            actions.verify(as_(ada), method, wrong(code), NOW)
    with pytest.raises(Refused, match="too often"):
        actions.verify(as_(ada), method, code, NOW)


def test_a_code_holds_for_ten_minutes(ada: User) -> None:
    method = add(ada)
    actions.send_code(as_(ada), method, NOW)
    with pytest.raises(Refused):
        actions.verify(as_(ada), method, code_sent(), NOW + 10 * MINUTE)


def test_a_new_code_ends_the_old_one(ada: User) -> None:
    method = add(ada)
    actions.send_code(as_(ada), method, NOW)
    old = code_sent()
    with pytest.raises(Refused, match="half a minute"):
        actions.send_code(as_(ada), method, NOW + MINUTE / 3)
    actions.send_code(as_(ada), method, NOW + MINUTE)
    new = code_sent()
    if old != new:  # one run in a million
        with pytest.raises(Refused):
            actions.verify(as_(ada), method, old, NOW + MINUTE)
    actions.verify(as_(ada), method, new, NOW + MINUTE)


def test_without_a_code_nothing_is_verified(ada: User) -> None:
    with pytest.raises(Refused):
        actions.verify(as_(ada), add(ada), "", NOW)


@pytest.mark.parametrize(
    ("kind", "address", "field"),
    [
        # no address
        ("email", "nonsense", "address"),
        ("webhook", "nonsense", "address"),
        # a channel that is none
        ("pigeon", "coop 3", "kind"),
        # that one everybody has already
        ("inapp", "", "kind"),
    ],
)
def test_methods_that_are_refused(ada: User, kind: str, address: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        add(ada, kind, address)
    assert field in refused.value.fields


def test_one_address_is_one_method(ada: User) -> None:
    add(ada)
    with pytest.raises(Refused, match="already"):
        add(ada)
    add(ada, address="ada@home.example.org")


def test_a_webhook_gets_a_secret_to_sign_with(ada: User) -> None:
    assert len(add(ada, "webhook", "https://example.org/hook").secret) > 20
    assert add(ada, "email", "a@example.org").secret == ""


def test_addresses_are_sealed_in_the_database(ada: User) -> None:
    method = add(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM people_contactmethod WHERE id = %s", [method.pk])
        assert "ada" not in cursor.fetchone()[0]
    assert ContactMethod.objects.get(pk=method.pk).address == "ada@example.org"


def test_the_browser_stays(ada: User) -> None:
    with pytest.raises(Refused):
        actions.remove_method(as_(ada), ada.contact_methods.get(kind="inapp"), NOW)
    method = add(ada)
    actions.remove_method(as_(ada), method, NOW)
    assert not ada.contact_methods.filter(kind="email").exists()


def test_methods_come_in_the_order_of_the_rules(ada: User) -> None:
    mail = actions.issue_method(ADMIN, ada, "email", "", "ada@example.org", NOW)
    browser = ada.contact_methods.get(kind="inapp")
    actions.set_rules(as_(ada), ada, Urgency.HIGH, [(mail.pk, 180), (browser.pk, 0)], NOW)
    actions.set_rules(as_(ada), ada, Urgency.LOW, [(mail.pk, 0)], NOW)
    assert kinds(ada) == [("inapp", 0), ("email", 180)]
    assert kinds(ada, Urgency.LOW) == [("email", 0)]
    actions.set_rules(as_(ada), ada, Urgency.LOW, [], NOW)
    assert kinds(ada, Urgency.LOW) == [("inapp", 0), ("email", 0)]


def test_rules_that_name_nothing_usable_do_not_silence_anybody(ada: User) -> None:
    mail = add(ada)  # never verified
    NotificationRule.objects.create(user=ada, urgency="high", method=mail)
    assert kinds(ada) == [("inapp", 0)]


def test_everybody_asked_for_gets_an_answer(ada: User) -> None:
    browser = ada.contact_methods.get()
    nobody = 999_999
    assert methods_of([ada.pk, nobody], Urgency.HIGH) == {
        ada.pk: (Method(id=browser.pk, kind="inapp", delay=timedelta()),),
        nobody: (),
    }


def test_a_method_sealed_with_a_lost_key_still_counts(ada: User) -> None:
    mail = actions.issue_method(ADMIN, ada, "email", "", "ada@example.org", NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_contactmethod SET address = 'sealed with another key' WHERE id = %s", [mail.pk])
    with pytest.raises(Unsealable):
        ContactMethod.objects.get(pk=mail.pk)
    assert ("email", 0) in kinds(ada)


def test_rules_that_are_refused(ada: User) -> None:
    mine, unverified = ada.contact_methods.get(kind="inapp").pk, add(ada).pk
    others = person("Grace").contact_methods.get().pk
    for rules, sentence in (
        ([(others, 0)], "not there any more"),
        ([(unverified, 0)], "Verify"),
        ([(mine, 0), (mine, 60)], "once"),
        ([(mine, -1)], "a day"),
        ([(mine, 24 * 3600 + 1)], "a day"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.set_rules(as_(ada), ada, Urgency.HIGH, rules, NOW)
    assert not ada.rules.exists()


def test_contact_methods_are_private(ada: User) -> None:
    grace, root = person("Grace"), person("Root", Role.ADMIN)
    method = add(ada)
    for attempt in (
        lambda: queries.contact_methods(as_(grace), ada),
        lambda: queries.rules(as_(grace), ada, Urgency.HIGH),
        lambda: actions.add_method(as_(grace), ada, "email", "", "eve@example.org", NOW),
        lambda: actions.send_code(as_(grace), method, NOW),
        lambda: actions.verify(as_(grace), method, "123456", NOW),
        lambda: actions.remove_method(as_(grace), method, NOW),
        lambda: actions.set_rules(as_(grace), ada, Urgency.HIGH, [], NOW),
        lambda: actions.issue_method(as_(ada), ada, "email", "", "x@example.org", NOW),
    ):
        with pytest.raises(Denied):
            attempt()
    with pytest.raises(Http404):
        queries.contact_method(as_(grace), method.pk)
    assert queries.contact_method(as_(ada), method.pk) == method
    assert queries.contact_method(as_(root), method.pk) == method


def test_who_can_be_reached_by_an_open_tab_only_is_unreachable(ada: User) -> None:
    person("Grace", email=True)
    person("Eve", Role.OBSERVER)
    gone = person("Gone")
    actions.set_active(ADMIN, gone, NOW, active=False)
    assert queries.unreachable(hours(0)) == [ada]
