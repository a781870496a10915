"""Mailboxes over the API."""

from typing import Any

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.apps.hearing import make_integration
from tests.mailboxes.dovecot import Box, given
from tocsin.audit.models import Record
from tocsin.core.permissions import Role, Scope
from tocsin.mailboxes.models import Mailbox
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db
SAID = {"host": "imap.example.org", "user": "ops", "password": "open sesame"}


@pytest.fixture
def email() -> Integration:
    return make_integration(kind="email")


@pytest.fixture
def path(email: Integration) -> str:
    return f"/integrations/{email.pk}/mailbox"


@pytest.fixture
def api() -> Caller:
    return Caller(person("Ada", Role.RESPONDER))


def test_a_mailbox_is_set_up_read_changed_and_taken_out(api: Caller, path: str, email: Integration) -> None:
    assert api.call("GET", path).status == 404
    made = api.put(path, SAID)
    known = {"integration": email.pk, "good_at": None, "heard_at": None, "error": "", "host": "imap.example.org"}
    usual = {"user": "ops", "port": 993, "security": "tls", "folder": "INBOX", "afterwards": "seen", "move_to": ""}
    assert made == {**known, **usual}
    assert api.get(path) == made
    assert api.get("/mailboxes?search=OPS")["items"] == [made]
    assert api.get("/mailboxes?search=nobody")["items"] == []
    kept = {**SAID, "password": None, "afterwards": "move", "move_to": "Done"}
    assert api.put(path, kept)["move_to"] == "Done"
    assert Mailbox.objects.get().password == "open sesame"
    assert api.call("DELETE", path).status == 204
    assert api.call("DELETE", path).status == 404
    assert not Mailbox.objects.exists()
    verbs = list(Record.objects.filter(object_kind="mailbox").order_by("id").values_list("verb", flat=True))
    assert verbs == ["created", "changed", "deleted"]


def test_the_password_is_written_and_never_read(api: Caller, path: str) -> None:
    answers = [api.put(path, SAID), api.get(path), api.get("/mailboxes")]
    refused = api.call("PUT", path, {**SAID, "port": 0}), api.call("POST", f"{path}/try", {**SAID, "host": "127.0.0.1"})
    assert {answer.status for answer in refused} == {422, 409}
    kept = [vars(record) for record in Record.objects.all()]
    assert "sesame" not in str((answers, [answer.body for answer in refused], kept))


@pytest.mark.parametrize("other", [{"host": "evil.example.org"}, {"user": "root"}, {"port": 143}], ids=str)
def test_the_password_of_one_server_is_not_sent_to_another(api: Caller, path: str, other: dict[str, object]) -> None:
    api.put(path, SAID)
    for method, address in (("PUT", path), ("POST", f"{path}/try")):
        refused = api.call(method, address, {**SAID, "password": None, **other})
        assert (refused.status, refused.body["detail"]) == (409, "Enter the password.")


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"port": 65_536}, 422, "Some fields"),
        ({"security": "rot13"}, 422, "Some fields"),
        ({"afterwards": "burn"}, 422, "Some fields"),
        ({"user": ""}, 422, "Some fields"),
        ({"folder": "x" * 256}, 422, "Some fields"),
        ({"password": None}, 409, "Enter the password"),
        ({"afterwards": "move"}, 409, "Say where mails are to be moved to"),
        ({"user": "ops\r\nA1 LOGOUT"}, 409, "a character in it that is none to be written"),
        ({"host": " "}, 409, "cannot be blank"),
    ],
    ids=str,
)
def test_wrong_input_is_refused_saved_or_tried(
    api: Caller, path: str, wrong: dict[str, object], status: int, sentence: str
) -> None:
    for method, address in (("PUT", path), ("POST", f"{path}/try")):
        refused = api.call(method, address, {**SAID, **wrong})
        assert refused.status == status
        assert sentence in refused.body["detail"]
    assert not Mailbox.objects.exists()


def test_only_an_integration_of_mails_has_one(api: Caller, email: Integration) -> None:
    other = f"/integrations/{make_integration(email.service, kind='generic').pk}/mailbox"
    for answer in (api.call("PUT", other, SAID), api.call("POST", f"{other}/try", SAID)):
        assert (answer.status, "kind email" in answer.body["detail"]) == (409, True)
    assert api.call("PUT", "/integrations/12345/mailbox", SAID).status == 404


def test_a_mailbox_is_tried_before_it_is_saved(api: Caller, path: str, box: Box) -> None:
    box.put("Subject: old\r\n\r\n")
    said = api.post(f"{path}/try", given(box), expect=200)["said"]
    assert said.startswith(f"It works: INBOX of {box.user} has 1 mail, 1 of them unread.")
    refused = api.call("POST", f"{path}/try", given(box, password="wrong"))
    assert (refused.status, "does not let" in refused.body["detail"]) == (409, True)
    assert not Mailbox.objects.exists()


def test_who_may_not_configure_may_look(path: str, api: Caller) -> None:
    api.put(path, SAID)
    for caller in (Caller(person("Oscar", Role.OBSERVER)), Caller(person("Bea", Role.RESPONDER), Scope.RESPOND)):
        assert caller.get(path)["user"] == "ops"
        for method, address in (("PUT", path), ("POST", f"{path}/try"), ("DELETE", path)):
            assert caller.call(method, address, SAID).status == 403
    assert Mailbox.objects.get().user == "ops"


def test_the_mailbox_of_an_integration_that_is_gone_is_not_there(
    api: Caller, path: str, email: Integration, settings: Any
) -> None:
    api.put(path, SAID)
    assert api.call("DELETE", f"/integrations/{email.pk}").status == 204
    assert api.call("GET", path).status == 404
    assert api.get("/mailboxes")["items"] == []
