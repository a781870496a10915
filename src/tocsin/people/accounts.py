"""Signing in, as allauth asks about it: nobody signs up by themselves, and what happens is audited."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from tocsin import clock, sealing
from tocsin.audit.actions import record
from tocsin.channels.contract import Content
from tocsin.core.permissions import NOBODY
from tocsin.outbox.actions import Draft, put
from tocsin.people import devices
from tocsin.people.models import User
from tocsin.people.queries import actor_of

_THROTTLED = (
    "There were too many wrong tries, so this one was not looked at, right or wrong. "
    "Wait five minutes, then try again, or ask an owner or admin for a new link."
)
_NOTED_EVERY = 300  # seconds: a robot that goes on trying must not fill the audit log


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {"too_many_login_attempts": _THROTTLED}

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: object) -> HttpResponse:
        record(actor_of(user, "web"), "signed in", user, clock.now())
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: object) -> None:
        """An address that is nobody's is not written down: people type passwords into the wrong field."""
        email = str(credentials.get("email") or "").lower()
        user = User.objects.filter(email=email).first() or User(name="an unknown address")
        record(NOBODY, "failed to sign in", user, clock.now(), after={"from": self.get_client_ip(request)})

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._note_throttled(request, str(credentials.get("email") or "").lower())
            raise

    def _note_throttled(self, request: HttpRequest, email: str) -> None:
        user = User.objects.filter(email=email).first() or User(name="an unknown address")
        ip = self.get_client_ip(request)
        if cache.add(f"throttled-{ip}-{user.pk}", 1, _NOTED_EVERY):
            record(NOBODY, "tried too often to sign in", user, clock.now(), after={"from": ip})

    def reauthenticate(self, user: User, password: str) -> bool:
        """allauth would look the address up in a table of its own, which Tocsin does not fill."""
        found = self.authenticate(allauth.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        super().set_password(user, password)
        if isinstance(user, User):
            devices.end(user.pk, keep=_session_key())
            record(actor_of(user, "web"), "changed the password of", user, clock.now())

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """The one hook that allauth has for what happens to second factors: `mfa/email/totp_activated` and the like."""
        folder, _, what = template_prefix.rpartition("/")
        if folder.startswith("mfa"):
            record(actor_of(user, "web"), what.replace("_", " "), user, clock.now())
        super().send_notification_mail(template_prefix, user, context, email or user.email)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the public address, whatever name the request came by: a link with a key must lead nowhere else."""
        url: str = super().get_reset_password_from_key_url(key)
        return settings.PUBLIC_URL.rstrip("/") + urlsplit(url).path

    def format_email_subject(self, subject: str) -> str:
        """As it is: allauth would put the name of a site before it, of which there is but one."""
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox, like everything that leaves the building."""
        request = allauth.request
        given = {"request": request, "email": email, "public_url": settings.PUBLIC_URL, **context}
        mail = self.render_mail(template_prefix, email, given)
        content = Content(purpose="notice", title=mail.subject, text=str(mail.body))
        key = sealing.fingerprint(sealing.token())
        put([Draft(kind="email", purpose="notice", target=email, secret="", content=content, key=key)], clock.now())


def _session_key() -> str:
    """Empty where no browser asks."""
    return (allauth.request.session.session_key or "") if allauth.request else ""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seeds of second factors are sealed in the database."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)
