"""Changing people: who they are, what they may, whether they are here."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction

from tocsin.core.permissions import Actor, Role, Verb, require
from tocsin.people.countries import check_country
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.queries import require_manager_of, require_self_or_manager
from tocsin.people.writing import change, check_fields, check_zone

_QUIET = ("quiet_from", "quiet_until")


def change_person(actor: Actor, user: User, now: datetime, **changes: object) -> User:
    """`name`, `email`, `time_zone`, `country`, quiet hours: one's own, or those of others for who manages people."""
    require_self_or_manager(actor, user)
    check_fields(changes, {"name", "email", "time_zone", "country", *_QUIET})
    _check_quiet(user, changes)
    if changes.get("country"):
        check_country(str(changes["country"]))
    if "time_zone" in changes:
        check_zone(str(changes["time_zone"]))
    if "email" not in changes:
        return change(actor, user, now, changes)
    with transaction.atomic():
        # allauth may have noted the address of an earlier sign-in; the old one must not sign in any more
        EmailAddress.objects.filter(user=user).delete()
        return change(actor, user, now, {**changes, "email": str(changes["email"]).strip().lower()})


def set_active(actor: Actor, user: User, now: datetime, *, active: bool) -> User:
    """Somebody inactive cannot sign in, is never paged, and their tokens stop working; nothing of theirs is deleted."""
    require_manager_of(actor, user)
    with transaction.atomic():
        if not active:
            _keep_an_owner(user)
        return change(actor, user, now, {"is_active": active})


def set_role(actor: Actor, user: User, role: Role, now: datetime) -> User:
    require_manager_of(actor, user)
    if role == Role.OWNER:
        require(actor, Verb.OWN)
    with transaction.atomic():
        if role != Role.OWNER:
            _keep_an_owner(user)
        return change(actor, user, now, {"role": role.value})


def _check_quiet(user: User, changes: dict[str, object]) -> None:
    starts, ends = (changes.get(name, getattr(user, name)) for name in _QUIET)
    if (starts is None) != (ends is None):
        sentence = "Quiet hours need both a beginning and an end."
        raise Refused(sentence, {"quiet_until" if ends is None else "quiet_from": sentence})
    if starts is not None and starts == ends:
        sentence = "Quiet hours cannot last the whole day: low urgency would never reach you."
        raise Refused(sentence, {"quiet_until": sentence})


def _keep_an_owner(leaving: User) -> None:
    """`Refused` when nobody else is an active owner. The rows are locked: two owners may be leaving at once."""
    owners = User.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("id")
    if {user.pk for user in owners} == {leaving.pk}:
        raise Refused(f"{leaving.name} is the last owner. Make somebody else an owner first.")
