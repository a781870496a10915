"""An e-mail integration: its address, its mapping, and the mailbox it fetches from."""

from typing import Any

import pytest

from tests.pages.desk import at_the_desk, checkout, living, observer, text_of
from tests.world import Monitoring, Person, World
from tocsin.mailboxes import actions
from tocsin.mailboxes.models import Mailbox
from tocsin.people.problems import Refused
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db
BOX = {
    "host": "imap.example.org", "port": "993", "security": "tls", "user": "ops", "password": "secret",
    "folder": "INBOX", "afterwards": "seen", "move_to": "",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


@pytest.fixture
def email(cast: tuple[Person, Person, Monitoring]) -> Integration:
    data = {"service": cast[2].service.pk, "kind": "email", "name": "Cron"}
    at_the_desk(cast[0]).post("/integrations/new/", data)
    return Integration.objects.get(name="Cron")


def test_the_address_is_shown_once_and_what_hears_nothing_says_so(
    cast: tuple[Person, Person, Monitoring], settings: Any
) -> None:
    settings.MAIL_HOST = "tocsin.example.org"
    data = {"service": cast[2].service.pk, "kind": "email", "name": "Cron"}
    page = text_of(at_the_desk(cast[0]).post("/integrations/new/", data, follow=True))
    assert "@tocsin.example.org</code>" in page
    assert "+backup@tocsin.example.org" in page
    assert "No mails can come in yet." in page
    settings.HEARS_MAIL = True
    made = Integration.objects.get(name="Cron")
    again = text_of(at_the_desk(cast[0]).get(made.get_absolute_url()))
    assert "No mails can come in yet." not in again
    assert "&quot;recovery&quot;: &quot;resolve&quot;" in again


def test_the_words_can_be_changed_and_tried(cast: tuple[Person, Person, Monitoring], email: Integration) -> None:
    client = at_the_desk(cast[0])
    page = text_of(client.get(f"/integrations/{email.pk}/mapping/"))
    assert "&quot;recovery&quot;: &quot;resolve&quot;" in page
    assert "** PROBLEM Service Alert: db1/Disk Space is CRITICAL **" in page
    mapping = '{"actions": {"entwarnung": "resolve"}}'
    sample = "Subject: Entwarnung: Pumpe 3\r\n\r\n"
    typed = {"mapping": mapping, "sample": sample}
    assert "pumpe 3" in text_of(client.post(f"/integrations/{email.pk}/mapping/", {**typed, "try": "1"}))
    client.post(f"/integrations/{email.pk}/mapping/", {**typed, "save": "1"})
    email.refresh_from_db()
    assert email.mapping == {"actions": {"entwarnung": "resolve"}}


def test_a_mailbox_is_tried_saved_changed_and_taken_out(
    cast: tuple[Person, Person, Monitoring], email: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = at_the_desk(cast[0]), f"/integrations/{email.pk}/mailbox/"
    assert f'href="{address}"' in text_of(client.get(email.get_absolute_url()))
    monkeypatch.setattr(actions, "try_it", lambda *_, **__: "It works: INBOX of ops has 3 mails.")
    tried = text_of(client.post(address, {**BOX, "act": "try"}))
    assert "It works: INBOX of ops has 3 mails." in tried
    assert "secret" not in tried
    assert not Mailbox.objects.exists()
    client.post(address, {**BOX, "act": "save"})
    page = text_of(client.get(email.get_absolute_url()))
    assert "INBOX of ops at imap.example.org" in page
    client.post(address, {**BOX, "password": "", "afterwards": "move", "move_to": "Done", "act": "save"})
    row = Mailbox.objects.get()
    assert (row.password, row.afterwards, row.move_to) == ("secret", "move", "Done")
    Mailbox.objects.update(error="the server is gone")
    assert "The server is gone" in text_of(client.get(address))
    assert "secret" not in text_of(client.get(address))
    client.post(f"{address}remove/")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"port": "0"}, {"security": "x"}, {"user": "a\rb"}, {"password": ""}, {"afterwards": "move"}], ids=str
)
def test_wrong_input_saves_nothing(
    cast: tuple[Person, Person, Monitoring], email: Integration, wrong: dict[str, str]
) -> None:
    client = at_the_desk(cast[0])
    assert client.post(f"/integrations/{email.pk}/mailbox/", {**BOX, **wrong, "act": "save"}).status_code in {200, 422}
    assert not Mailbox.objects.exists()


def test_what_does_not_work_is_said_on_the_page(
    cast: tuple[Person, Person, Monitoring], email: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise Refused("This mailbox cannot be used: nobody is there. Nothing was changed.")

    monkeypatch.setattr(actions, "try_it", refuse)
    page = at_the_desk(cast[0]).post(f"/integrations/{email.pk}/mailbox/", {**BOX, "act": "try"})
    assert "nobody is there" in text_of(page)


def test_who_may_only_look_does_not_see_it(
    world: World, cast: tuple[Person, Person, Monitoring], email: Integration
) -> None:
    client = at_the_desk(observer(world))
    assert client.get(f"/integrations/{email.pk}/mailbox/").status_code == 403
    assert client.post(f"/integrations/{email.pk}/mailbox/remove/").status_code == 403


def test_the_palette_leads_whoever_may_to_a_mailbox(
    world: World, cast: tuple[Person, Person, Monitoring], email: Integration
) -> None:
    client = at_the_desk(cast[0])
    client.post(f"/integrations/{email.pk}/mailbox/", {**BOX, "act": "save"})
    for words in ("imap.example", "OPS", "cron"):
        assert {"kind": "Mailbox", "label": "ops at imap.example.org", "url": f"/integrations/{email.pk}/mailbox/"} in [
            {name: row[name] for name in ("kind", "label", "url")}
            for row in client.get("/find/", {"q": words}).json()["found"]
        ]
    assert "imap.example.org" not in text_of(at_the_desk(observer(world)).get("/find/?q=ops"))
