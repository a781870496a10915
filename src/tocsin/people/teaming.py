"""Teams and who is in them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.models import Membership, Team, User
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, create, delete, slug_for


def create_team(actor: Actor, name: str, now: datetime, *, description: str = "") -> Team:
    require(actor, Verb.MANAGE_PEOPLE)
    name = name.strip()
    return create(actor, Team(name=name, slug=slug_for(Team, name), description=description), now)


def change_team(actor: Actor, team: Team, now: datetime, **changes: object) -> Team:
    """`name`, `description`. The slug stays: links keep working."""
    require(actor, Verb.MANAGE_PEOPLE)
    check_fields(changes, {"name", "description"})
    return change(actor, team, now, changes)


def set_members(
    actor: Actor, team: Team, user_ids: Collection[int], now: datetime, *, leads: Collection[int] = ()
) -> None:
    """Exactly these; `leads` among them."""
    require(actor, Verb.MANAGE_PEOPLE)
    wanted = dict.fromkeys((*user_ids, *leads))
    if len(wanted) != User.objects.filter(pk__in=wanted).count():
        raise Refused("Somebody of these is not there any more. Nothing was changed. Look again and retry.")
    with transaction.atomic():
        before = _names(team)
        team.memberships.all().delete()
        Membership.objects.bulk_create([Membership(team=team, user_id=u, is_lead=u in leads) for u in wanted])
        record(actor, "changed", team, now, before={"members": before}, after={"members": _names(team)})


def delete_team(actor: Actor, team: Team, now: datetime) -> None:
    """`Refused` while an escalation policy pages it."""
    require(actor, Verb.MANAGE_PEOPLE)
    delete(actor, team, now)


def _names(team: Team) -> JSON:
    rows = team.memberships.order_by("user__name", "user_id").values_list("user__name", "is_lead")
    return [f"{name} (lead)" if is_lead else name for name, is_lead in rows]
