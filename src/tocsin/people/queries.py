"""Reading people, teams, contact methods and tokens."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from tocsin.core.permissions import Actor, Denied, Role, Scope, Verb, require, verbs_of
from tocsin.core.signals import Urgency
from tocsin.people.models import ApiToken, ContactMethod, Invitation, Membership, NotificationRule, Team, User
from tocsin.people.reaching import methods_of
from tocsin.sealing import fingerprint, legible

_USED_AT_MOST_EVERY = timedelta(minutes=1)
_SEALED = ("address", "secret")
_STEWARDS = (Role.OWNER, Role.ADMIN)


def actor_of(user: User, via: str) -> Actor:
    """What a person may do. Somebody inactive may nothing."""
    verbs = verbs_of(Role(user.role)) if user.is_active else frozenset[Verb]()
    return Actor(user_id=user.pk, name=user.name, via=via, verbs=verbs)


def actor_of_token(token: str, now: datetime) -> Actor | None:
    """The actor behind a bearer token; none when it is unknown, revoked, over, or its person is inactive."""
    row = ApiToken.objects.select_related("user").filter(token_hash=fingerprint(token), revoked_at=None).first()
    if row is None or (row.expires_at and row.expires_at <= now) or (row.user and not row.user.is_active):
        return None
    if row.last_used_at is None or row.last_used_at < now - _USED_AT_MOST_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    role = Role(row.user.role) if row.user else Role.ADMIN
    name = f"{row.user.name} (token {row.name})" if row.user else f"token {row.name}"
    return Actor(user_id=row.user_id, name=name, via="api", verbs=verbs_of(role, _scopes(row)))


def is_empty() -> bool:
    """Whether there is nobody yet: the first owner is still to come."""
    return not User.objects.exists()


def people(actor: Actor, search: str = "") -> QuerySet[User]:
    """Everybody, also who is inactive. `search` looks into name and address."""
    require(actor, Verb.VIEW)
    found = User.objects.prefetch_related("teams").select_related("invitation")
    return found.filter(Q(name__icontains=search) | Q(email__icontains=search)) if search else found.all()


def person(actor: Actor, pk: int) -> User:
    """`Http404` when there is none."""
    return get_object_or_404(people(actor), pk=pk)


def names_of(user_ids: Iterable[int]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=set(user_ids)).values_list("pk", "name"))


def users_of(user_ids: Iterable[int]) -> dict[int, User]:
    return User.objects.in_bulk(set(user_ids))


def invitation(token: str, now: datetime) -> Invitation | None:
    """The invitation that a link leads to, while it holds."""
    found = Invitation.objects.select_related("user").filter(token_hash=fingerprint(token), expires_at__gt=now)
    return found.filter(user__is_active=True).first()


def teams(actor: Actor) -> QuerySet[Team]:
    require(actor, Verb.VIEW)
    members = Membership.objects.select_related("user").order_by("-is_lead", "user__name")
    return Team.objects.prefetch_related(Prefetch("memberships", members))


def team(actor: Actor, slug: str) -> Team:
    return get_object_or_404(teams(actor), slug=slug)


def stewards() -> tuple[int, ...]:
    """Every active owner and admin: the catch-all that nobody can empty."""
    return tuple(User.objects.filter(is_active=True, role__in=_STEWARDS).order_by("id").values_list("id", flat=True))


def team_members(team_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """The active members of each team, leads first."""
    rows = Membership.objects.filter(team__in=set(team_ids), user__is_active=True).order_by("-is_lead", "user_id")
    members = defaultdict[int, list[int]](list)
    for team_id, user_id in rows.values_list("team_id", "user_id"):
        members[team_id].append(user_id)
    return {team_id: tuple(ids) for team_id, ids in members.items()}


def contact_methods(actor: Actor, user: User) -> list[ContactMethod]:
    """One's own; those of others only for who manages people, as addresses are private. One that was sealed with a lost
    key comes without its address."""
    _require_reader(actor, user)
    return legible(user.contact_methods.all(), *_SEALED)


def contact_method(actor: Actor, pk: int) -> ContactMethod:
    """`Http404` for what is not there, and for what the actor may not see: it must not show which of the two it is."""
    found = ContactMethod.objects.select_related("user")
    if not actor.may(Verb.MANAGE_PEOPLE):
        found = found.filter(user=actor.user_id) if actor.user_id else found.none()
    one = legible(found.filter(pk=pk), *_SEALED)
    if not one:
        raise Http404
    return one[0]


def rules(actor: Actor, user: User, urgency: Urgency) -> QuerySet[NotificationRule]:
    _require_reader(actor, user)
    return user.rules.filter(urgency=urgency).select_related("method").defer("method__address", "method__secret")


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """One's own; all of them for who manages people."""
    found = ApiToken.objects.select_related("user")
    if actor.may(Verb.MANAGE_PEOPLE):
        return found
    require(actor, Verb.EDIT_SELF)
    return found.filter(user_id=actor.user_id) if actor.user_id else found.none()


def token(actor: Actor, pk: int) -> ApiToken:
    return get_object_or_404(tokens(actor), pk=pk)


def unreachable(now: datetime) -> list[User]:
    """Who could be paged and has no verified way to be reached for high urgency but an open Tocsin tab."""
    found = User.objects.filter(is_active=True, created_at__lte=now).exclude(role=Role.OBSERVER)
    paged = list(found)
    methods = methods_of([user.pk for user in paged], Urgency.HIGH)
    return [user for user in paged if all(method.kind == "inapp" for method in methods[user.pk])]


def _require_reader(actor: Actor, user: User) -> None:
    require(actor, Verb.VIEW if actor.user_id == user.pk else Verb.MANAGE_PEOPLE)


def require_self_or_manager(actor: Actor, user: User) -> None:
    """`Denied` unless it is about oneself, or the actor manages people; about an owner, unless the actor is one."""
    if actor.user_id == user.pk and actor.may(Verb.EDIT_SELF):
        return
    require_manager_of(actor, user)


def require_manager_of(actor: Actor, user: User) -> None:
    require(actor, Verb.MANAGE_PEOPLE)
    if user.role == Role.OWNER and not actor.may(Verb.OWN):
        # else an admin could take an owner's address or token, and with it the owner's rights
        raise Denied(f"{user.name} is an owner. Only an owner may change that.")


def _scopes(row: ApiToken) -> frozenset[Scope]:
    return frozenset(Scope(scope) for scope in row.scopes if scope in set(Scope))
