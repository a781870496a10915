"""Signing in, and who a request is from."""

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from tests.apps.domain import ADMIN, NOW, PASSWORD, as_, person
from tocsin.audit.models import Record
from tocsin.core.permissions import NOBODY
from tocsin.outbox.models import Message
from tocsin.people import actions
from tocsin.people.accounts import AccountAdapter
from tocsin.people.middleware import ActorMiddleware
from tocsin.people.models import User
from tocsin.sealing import unseal

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_() -> HttpRequest:
    made = RequestFactory().get("/")
    made.session = SessionStore()
    made.user = AnonymousUser()
    made._messages = FallbackStorage(made)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def ada() -> User:
    _, token = actions.invite(ADMIN, "ada@example.org", "Ada", "responder", None, NOW)  # type: ignore[arg-type]
    return actions.accept_invitation(token, PASSWORD, NOW)


def sign_in(request: HttpRequest, email: str, password: str) -> User | None:
    return AccountAdapter().authenticate(request, email=email, password=password)  # type: ignore[no-any-return]


def test_nobody_signs_up_alone(request_: HttpRequest) -> None:
    assert not AccountAdapter().is_open_for_signup(request_)


def test_the_address_signs_in_whatever_its_case(request_: HttpRequest, ada: User) -> None:
    assert sign_in(request_, "Ada@Example.org", PASSWORD) == ada


def test_a_sign_in_is_audited(request_: HttpRequest, ada: User) -> None:
    hooks = {"email_verification": "none", "signal_kwargs": None, "email": None, "signup": False, "redirect_url": "/x"}
    response = AccountAdapter().post_login(request_, ada, **hooks)
    assert response["Location"] == "/x"
    newest = Record.objects.latest("id")
    assert (newest.verb, newest.actor, newest.via, newest.object_id) == ("signed in", "Ada", "web", str(ada.pk))


def test_a_failed_sign_in_is_audited_with_where_it_came_from(request_: HttpRequest, ada: User) -> None:
    assert sign_in(request_, "ada@example.org", "wrong") is None
    newest = Record.objects.latest("id")
    assert (newest.verb, newest.object_name, newest.after) == ("failed to sign in", "Ada", {"from": "127.0.0.1"})


def test_an_unknown_address_is_not_written_down(request_: HttpRequest) -> None:
    assert sign_in(request_, "my-password-by-mistake@x.org", "wrong") is None
    newest = Record.objects.latest("id")
    assert (newest.object_name, newest.object_id) == ("an unknown address", "")
    assert "my-password" not in str(Record.objects.values())


def test_somebody_inactive_gets_no_session(request_: HttpRequest, ada: User) -> None:
    actions.set_active(ADMIN, ada, NOW, active=False)
    user = sign_in(request_, "ada@example.org", PASSWORD)
    assert user is not None  # allauth asks once more, to say so
    hooks = {"email_verification": "none", "signal_kwargs": None, "email": None, "signup": False, "redirect_url": "/x"}
    response = AccountAdapter().pre_login(request_, user, **hooks)
    assert "inactive" in response["Location"]


def test_the_password_is_asked_for_again_before_a_second_factor_is_added(request_: HttpRequest, ada: User) -> None:
    with request_context(request_):
        assert AccountAdapter().reauthenticate(ada, PASSWORD)
        assert not AccountAdapter().reauthenticate(ada, "wrong")


def test_an_old_address_does_not_sign_in_any_more(request_: HttpRequest, ada: User) -> None:
    EmailAddress.objects.create(user=ada, email="ada@example.org", verified=True, primary=True)
    actions.change_person(as_(ada), ada, NOW, email="ada@new.example.org")
    assert sign_in(request_, "ada@example.org", PASSWORD) is None
    assert sign_in(request_, "ada@new.example.org", PASSWORD) == ada


def test_a_changed_password_is_audited_and_not_written_down(ada: User) -> None:
    AccountAdapter().set_password(ada, "another good password")
    assert Record.objects.latest("id").verb == "changed the password of"
    assert "another good password" not in str(Record.objects.values())


def test_second_factors_are_sealed_and_audited(request_: HttpRequest, ada: User) -> None:
    with request_context(request_):
        secret = generate_totp_secret()
        row = TOTP.activate(ada, secret).instance
        get_mfa_adapter().send_notification_mail("mfa/email/totp_activated", ada)
    assert secret not in str(row.data)
    assert unseal(row.data["secret"]) == secret
    newest = Record.objects.latest("id")
    assert (newest.actor, newest.verb, newest.object_name) == ("Ada", "totp activated", "Ada")


def test_mails_of_the_account_go_through_the_outbox(request_: HttpRequest, ada: User) -> None:
    with request_context(request_):
        AccountAdapter().send_mail("account/email/password_changed", ada.email, {"user": ada})
    message = Message.objects.get()
    assert (message.kind, message.purpose, message.target) == ("email", "notice", "ada@example.org")


def seen_by(user: User | AnonymousUser, request: HttpRequest) -> object:
    request.user = user
    ActorMiddleware(lambda _: HttpResponse())(request)
    return request.actor  # type: ignore[attr-defined]


def test_a_request_is_from_its_person(request_: HttpRequest) -> None:
    ada = person("Ada")
    assert seen_by(ada, request_) == as_(ada)
    assert seen_by(AnonymousUser(), request_) == NOBODY
