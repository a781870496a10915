"""The signing secret of a webhook is shown once, to whoever made it, and verifies what is sent."""

import hashlib
import hmac
import json

import pytest
from django.urls import reverse

from tests.api.caller import Caller
from tests.pages.desk import at_the_desk, living, observer, text_of
from tests.world import Person, World
from tocsin.audit.models import Record
from tocsin.channels import webhook
from tocsin.core.permissions import Role
from tocsin.engine.sender import letter_of
from tocsin.outbox.models import Message
from tocsin.people.models import ContactMethod
from tocsin.policies.models import Place

pytestmark = pytest.mark.django_db
HOOK = "https://example.com/hook"


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def is_from_tocsin(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As docs/channels.md tells receivers."""
    signed = headers["Tocsin-Timestamp"].encode() + b"." + body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers["Tocsin-Signature"])


def test_the_secret_that_was_made_is_shown_once_and_verifies_the_first_message(world: World, ada: Person) -> None:
    desk = at_the_desk(ada)
    answer = desk.post(f"{reverse('method_new')}?kind=webhook", {"label": "Lamp", "address": HOOK, "secret": ""})
    method = ContactMethod.objects.get(kind="webhook")
    assert method.secret in text_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert method.secret not in text_of(desk.get(reverse("profile")))
    assert method.secret not in text_of(desk.get(reverse("method_verify", args=[method.pk])))
    letter = letter_of(Message.objects.get(purpose="verification"), world.now)
    assert not hasattr(letter, "error")
    body = json.dumps({"it": "is sent"}).encode()
    assert is_from_tocsin(method.secret, webhook.headers(letter, body, world.now), body)  # type: ignore[arg-type]


def test_one_that_was_typed_is_not_shown(ada: Person) -> None:
    desk = at_the_desk(ada)
    answer = desk.post(f"{reverse('method_new')}?kind=webhook", {"label": "", "address": HOOK, "secret": "my own"})
    assert answer.status_code == 302


def test_a_new_one_replaces_it_and_is_written_down_without_being_told(ada: Person) -> None:
    desk = at_the_desk(ada)
    desk.post(f"{reverse('method_new')}?kind=webhook", {"label": "Lamp", "address": HOOK, "secret": ""})
    method = ContactMethod.objects.get(kind="webhook")
    before = method.secret
    page = text_of(desk.post(reverse("method_secret", args=[method.pk])))
    method.refresh_from_db()
    assert method.secret != before
    assert method.secret in page
    record = Record.objects.get(verb="made a new secret of")
    assert method.secret not in str((record.before, record.after))


def test_nobody_makes_one_for_somebody_else(world: World, ada: Person) -> None:
    at_the_desk(ada).post(f"{reverse('method_new')}?kind=webhook", {"label": "", "address": HOOK, "secret": ""})
    method = ContactMethod.objects.get(kind="webhook")
    before = method.secret
    assert at_the_desk(world.person("Grace")).post(reverse("method_secret", args=[method.pk])).status_code in {403, 404}
    method.refresh_from_db()
    assert method.secret == before


def test_the_api_tells_it_once_and_makes_a_new_one(world: World, ada: Person) -> None:
    api = Caller(ada.user)
    path = f"/people/{ada.user.pk}/contact-methods"
    made = api.post(path, {"kind": "webhook", "address": HOOK})
    assert made["secret"] == ContactMethod.objects.get(kind="webhook").secret
    assert all("secret" not in method for method in api.get(path))
    again = api.call("POST", f"/contact-methods/{made['id']}/secret").body["secret"]
    assert again == ContactMethod.objects.get(kind="webhook").secret != made["secret"]
    mail = ContactMethod.objects.get(kind="email")
    assert api.call("POST", f"/contact-methods/{mail.pk}/secret").status == 409
    assert api.post(path, {"kind": "webhook", "address": HOOK + "2", "secret": "my own"})["secret"] == ""


def test_a_webhook_that_steps_tell_has_one_too(world: World, ada: Person) -> None:
    desk = at_the_desk(ada)
    url = reverse("places")
    page = text_of(desk.post(url, {"name": "Wall", "kind": "webhook", "address": HOOK, "secret": ""}))
    place = Place.objects.get()
    first = place.secret
    assert first
    assert first in page
    assert first not in text_of(desk.get(url))
    page = text_of(desk.post(reverse("place_secret", args=[place.pk])))
    place.refresh_from_db()
    assert first != place.secret
    assert place.secret in page
    assert at_the_desk(observer(world)).post(reverse("place_secret", args=[place.pk])).status_code == 403
    made = Caller(world.person("Bea", Role.ADMIN).user).post(
        "/places", {"name": "Chat", "kind": "chat", "address": "https://chat.example.com/x"}
    )
    assert made["secret"] == ""
