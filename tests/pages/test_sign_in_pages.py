"""Signing in and out as Django's test client does it: what is throttled, what is audited, where one is signed in."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.pages.desk import at_the_desk, checkout, living, text_of
from tests.world import Person
from tocsin.alerts.models import AlertGroup
from tocsin.audit.models import Record
from tocsin.outbox.models import Message
from tocsin.people.devices import named
from tocsin.people.models import SignIn

pytestmark = pytest.mark.django_db
PASSWORD = "the alarm bell rings"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0"
)


@pytest.fixture(autouse=True)
def fresh_counters() -> Iterator[None]:
    """Tries are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada() -> Person:
    ada = living().person("Ada")
    ada.user.set_password(PASSWORD)
    ada.user.save()
    return ada


def tried(client: Client, person: Person, password: str) -> str:
    answer = client.post("/accounts/login/", {"login": person.user.email, "password": password}, follow=True)
    return text_of(answer)  # type: ignore[arg-type]


def test_after_five_wrong_tries_even_the_right_password_waits(ada: Person) -> None:
    client = Client()
    for number in range(5):
        assert "not correct" in tried(client, ada, f"wrong {number}")
    answer = tried(client, ada, PASSWORD)
    assert "too many wrong tries" in answer
    assert "Wait five minutes" in answer
    assert "_auth_user_id" not in client.session
    tried(client, ada, PASSWORD)
    verbs = list(Record.objects.values_list("verb", flat=True))
    assert verbs.count("failed to sign in") == 5
    assert verbs.count("tried too often to sign in") == 1  # once, however long the robot goes on


def test_others_may_still_sign_in(ada: Person) -> None:
    for number in range(6):
        tried(Client(), ada, f"wrong {number}")
    grace = living().person("Grace")
    grace.user.set_password(PASSWORD)
    grace.user.save()
    client = Client()
    tried(client, grace, PASSWORD)
    assert "_auth_user_id" in client.session


def test_the_first_owner_s_sign_in_is_audited() -> None:
    typed = {"name": "Olga", "email": "olga@example.org", "password": "the engine weaves patterns", "time_zone": "UTC"}
    Client().post("/welcome/", typed)
    newest = Record.objects.latest("id")
    assert (newest.verb, newest.actor, newest.via) == ("signed in", "Olga", "web")


def test_the_profile_lists_where_one_is_signed_in_and_signs_out_elsewhere(ada: Person) -> None:
    here, phone = at_the_desk(ada), at_the_desk(ada)
    phone.get("/profile/", headers={"User-Agent": CHROME})
    page = text_of(here.get("/profile/", headers={"User-Agent": FIREFOX}))
    assert "Firefox on Linux" in page
    assert "Chrome on Android" in page
    assert page.count("This one") == 1
    answer = here.post("/profile/sessions/end/", follow=True)
    assert "signed out in one other place" in text_of(answer)  # type: ignore[arg-type]
    assert phone.get("/profile/").status_code == 302
    assert here.get("/profile/").status_code == 200
    assert Record.objects.latest("id").verb == "signed out elsewhere"


def test_nobody_sees_or_ends_the_sessions_of_others(ada: Person) -> None:
    at_ada = at_the_desk(ada)
    at_ada.get("/profile/", headers={"User-Agent": CHROME})
    grace = at_the_desk(living().person("Grace"))
    assert "Chrome on Android" not in text_of(grace.get("/profile/", headers={"User-Agent": FIREFOX}))
    grace.post("/profile/sessions/end/")
    assert at_ada.get("/profile/").status_code == 200


def test_a_new_password_signs_out_everywhere_else(ada: Person) -> None:
    here, phone = Client(), at_the_desk(ada)
    tried(here, ada, PASSWORD)
    phone.get("/")
    new = "the alarm bell rings twice"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert here.get("/profile/").status_code == 200
    assert phone.get("/profile/").status_code == 302
    assert SignIn.objects.count() == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Android"),  # which also says Linux and Safari
        (EDGE, "Edge on Windows"),  # which also says Chrome
        ("curl/8.14", "An unknown browser"),
        ("Something (iPhone)", "A browser on iPhone"),
    ],
    ids=["firefox", "chrome", "edge", "curl", "unknown browser"],
)
def test_a_device_has_a_name(agent: str, words: str) -> None:
    assert named(agent) == words


def test_what_was_typed_survives_being_signed_out_and_in_again() -> None:
    ada, _, monitoring = checkout(living())
    monitoring.fires()
    group = AlertGroup.objects.get()
    client = Client(enforce_csrf_checks=True)
    url, home = f"/alerts/{group.pk}/note/", {"Origin": "http://testserver"}
    csrf = text_of(client.get("/accounts/login/")).split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    typed = {"text": "I turned it off\nand on again", "csrfmiddlewaretoken": csrf}
    signed_out = client.post(url, typed, headers=home)
    assert signed_out.status_code == 403
    assert "You are signed out" in text_of(signed_out)
    assert 'value="I turned it off' in text_of(signed_out)
    client.force_login(ada.user)
    stale = client.post(url, {**typed, "csrfmiddlewaretoken": "x" * 64}, headers=home)
    assert "Please send it again" in text_of(stale)
    assert 'value="I turned it off' in text_of(stale)


@pytest.mark.parametrize(
    ("headers", "typed"),
    [
        (
            {"Origin": "https://evil.example"},
            {"text": "paid by you"},
        ),  # another site's words
        ({}, {"text": "paid by you"}),  # nobody knows whose words
        ({"Origin": "http://testserver"}, {"password": "paid by you"}),  # secrets stay in no page
    ],
    ids=["another site", "nobody's", "secret"],
)
def test_what_is_not_ones_own_or_secret_is_not_kept(
    headers: dict[str, str], typed: dict[str, str], ada: Person
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada.user)
    answer = client.post("/profile/", typed, headers=headers)
    assert answer.status_code == 403
    assert "paid by you" not in text_of(answer)


def test_a_forgotten_password_is_chosen_anew_by_a_link_to_the_public_address(ada: Person) -> None:
    stranger = Client()
    answer = stranger.post(
        "/accounts/password/reset/", {"email": ada.user.email}, headers={"Host": "localhost"}, follow=True
    )
    assert "a link is on its way" in text_of(answer)  # type: ignore[arg-type]
    mail = Message.objects.get()
    assert (mail.kind, mail.target) == ("email", ada.user.email)
    link = re.search(rf"{re.escape(settings.PUBLIC_URL)}(/accounts/password/reset/key/\S+)", mail.payload["text"])
    assert link
    asked = stranger.get(link[1], follow=True)
    assert "Choose a new password" in text_of(asked)  # type: ignore[arg-type]
    new = "the alarm bell rings twice"
    done = stranger.post(asked.redirect_chain[-1][0], {"password1": new, "password2": new}, follow=True)
    assert "Your password is changed" in text_of(done)  # type: ignore[arg-type]
    assert "This link is over" in text_of(Client().get(link[1], follow=True))  # type: ignore[arg-type]
    tried(stranger, ada, new)
    assert "_auth_user_id" in stranger.session


def test_nobody_makes_tocsin_write_to_strangers_nor_learns_who_is_here(ada: Person) -> None:
    known, unknown = (
        text_of(Client().post("/accounts/password/reset/", {"email": email}, follow=True))  # type: ignore[arg-type]
        for email in (ada.user.email, "stranger@example.net")
    )
    assert known == unknown
    assert [m.target for m in Message.objects.all()] == [ada.user.email]


def test_a_new_password_is_told_where_mails_can_be_sent(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    here, new = Client(), "the alarm bell rings twice"
    tried(here, ada, PASSWORD)
    monkeypatch.setattr(settings, "ACCOUNT_EMAIL_NOTIFICATIONS", True)
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    mail = Message.objects.get()
    assert mail.target == ada.user.email
    assert "Was this not you?" in mail.payload["text"]


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "confirm-email/MQ:abc/", "login/code/confirm/"]
)
def test_pages_of_allauth_that_are_not_tocsin_s_are_not_there(path: str, ada: Person) -> None:
    assert at_the_desk(ada).get(f"/accounts/{path}").status_code == 404
    assert at_the_desk(ada).post(f"/accounts/{path}", {"email": "else@example.org"}).status_code == 404
