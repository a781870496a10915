"""How people come in: the first owner by the browser, everybody else by an invitation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse

from tocsin import sealing
from tocsin.audit.actions import record
from tocsin.channels.contract import Content
from tocsin.core.permissions import TOCSIN, Actor, Role, Verb, require
from tocsin.outbox.actions import Draft, put
from tocsin.people.models import ContactMethod, Invitation, Membership, Team, User
from tocsin.people.problems import Refused
from tocsin.people.queries import actor_of, invitation, require_manager_of
from tocsin.people.writing import check_zone, create

INVITATION_HOLDS = timedelta(days=7)
_FIRST_OWNER_LOCK = 0x70C51


@dataclass(frozen=True, kw_only=True)
class Invited:
    email: str
    user: User | None  # none: it was refused
    token: str  # the raw one, shown once
    problem: str  # why it was refused


def create_first_owner(email: str, name: str, password: str, time_zone: str, now: datetime) -> User:
    """The owner who comes when there is nobody yet. `Refused` as soon as there is somebody."""
    with transaction.atomic():
        _one_at_a_time()
        if User.objects.exists():
            raise Refused("Tocsin already has an owner. Sign in, or ask an owner or admin for an invitation.")
        user = User(email=_address(email), name=name.strip(), role=Role.OWNER, time_zone=check_zone(time_zone))
        _set_password(user, password)
        return _enter(TOCSIN, user, now)


def invite(actor: Actor, email: str, name: str, role: Role, team: Team | None, now: datetime) -> tuple[User, str]:
    """A new person and the raw token of the link that lets them choose a password. Mailed where mail can be sent."""
    require(actor, Verb.OWN if role == Role.OWNER else Verb.MANAGE_PEOPLE)
    user = User(email=_address(email), name=name.strip(), role=role)
    user.set_unusable_password()
    with transaction.atomic():
        _enter(actor, user, now)
        if team is not None:
            Membership.objects.create(team=team, user=user)
            record(actor, "changed", team, now, after={"joined": user.name})
        return user, _invite(actor, user, now)


def invite_many(
    actor: Actor, entries: Iterable[tuple[str, str]], role: Role, team: Team | None, now: datetime
) -> list[Invited]:
    """(address, name) each; one that is refused does not stop the others."""
    require(actor, Verb.MANAGE_PEOPLE)
    return [_try_invite(actor, email, name, role, team, now) for email, name in entries]


def read_entries(text: str) -> list[tuple[str, str]]:
    """What a person pastes, one a line: `Ada Lovelace <ada@example.org>` or an address alone."""
    parsed = [parseaddr(line) for line in text.splitlines() if line.strip()]
    return [(email, name or _name_from(email)) for name, email in parsed]


def renew_invitation(actor: Actor, user: User, now: datetime) -> str:
    """A new link; the one before stops working. Also for somebody who forgot the password where no mail can be sent."""
    require_manager_of(actor, user)
    if not user.is_active:
        raise Refused(f"{user.name} is not active. Make the account active first.")
    with transaction.atomic():
        record(actor, "invited", user, now)
        return _invite(actor, user, now)


def link_of(token: str) -> str:
    """Where the raw token of an invitation leads to."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("invitation", args=[token])


def accept_invitation(token: str, password: str, now: datetime) -> User:
    found = invitation(token, now)
    if found is None:
        raise Refused("This invitation is not valid any more. Ask who invited you for a new link.")
    user = found.user
    _set_password(user, password)
    with transaction.atomic():
        # two tabs, one link: only the one that takes the row sets the password
        taken, _ = Invitation.objects.filter(pk=found.pk).delete()
        if not taken:
            raise Refused("This invitation has just been used. Sign in with the password chosen there.")
        user.save(update_fields=["password"])
        record(actor_of(user, "link"), "accepted the invitation of", user, now)
    return user


def _try_invite(actor: Actor, email: str, name: str, role: Role, team: Team | None, now: datetime) -> Invited:
    try:
        user, token = invite(actor, email, name, role, team, now)
    except Refused as error:
        return Invited(email=email, user=None, token="", problem=str(error))
    return Invited(email=email, user=user, token=token, problem="")


def _enter(actor: Actor, user: User, now: datetime) -> User:
    """Everybody has Tocsin itself as a contact method from the start."""
    user.created_at = now
    create(actor, user, now)
    ContactMethod.objects.create(
        user=user, kind="inapp", label="Tocsin in the browser", verified_at=now, created_at=now
    )
    return user


def _invite(actor: Actor, user: User, now: datetime) -> str:
    token = sealing.token()
    values = {
        "token_hash": sealing.fingerprint(token),
        "expires_at": now + INVITATION_HOLDS,
        "invited_by_id": actor.user_id,
    }
    Invitation.objects.update_or_create(user=user, defaults=values)
    if settings.SMTP_URL:
        put([_letter(actor, user, token)], now)
    return token


def _letter(actor: Actor, user: User, token: str) -> Draft:
    content = Content(
        purpose="invitation",
        title="You are invited to Tocsin",
        text=f"{actor.name} invites you to Tocsin, where your team is paged and handles incidents. "
        "Choose a password to begin. The link works once and holds for seven days.",
        url=link_of(token),
    )
    key = sealing.fingerprint(f"invitation {token}")
    return Draft(kind="email", purpose="invitation", target=user.email, secret="", content=content, key=key)


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise Refused(sentence, {"password": sentence}) from error
    user.set_password(password)


def _address(email: str) -> str:
    return email.strip().lower()


def _name_from(email: str) -> str:
    words = email.partition("@")[0].replace(".", " ").replace("_", " ").split()
    return " ".join(word.capitalize() for word in words)


def _one_at_a_time() -> None:
    """Two browsers on the welcome page must not make two owners. SQLite's transactions are one at a time already."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST_OWNER_LOCK])
