"""Views of the alerts list that a person has given a name: filters, kept as a query string."""

from datetime import datetime
from urllib.parse import parse_qsl

from django.db import transaction
from django.db.models import QuerySet

from tocsin.alerts import filters
from tocsin.alerts.models import SavedView
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.problems import Refused

MOST = 30  # of one person


def views(actor: Actor) -> QuerySet[SavedView]:
    require(actor, Verb.VIEW)
    return SavedView.objects.filter(user_id=actor.user_id or 0)


def save(actor: Actor, name: str, query: str, now: datetime) -> SavedView:
    """Under a name that is there already, the new filters take the place of the old."""
    require(actor, Verb.EDIT_SELF)
    if actor.user_id is None:
        raise Refused("A view belongs to a person. Use a token that acts as one.")
    name = " ".join(name.split())
    if not name or len(name) > SavedView.LONGEST:
        raise Refused(f"Give the view a name of at most {SavedView.LONGEST} characters.")
    # only what the list understands, in its own order: equal views are equal strings
    wanted = filters.read(dict(parse_qsl(query))).query()
    with transaction.atomic():
        mine = views(actor)
        if mine.count() >= MOST and not mine.filter(name=name).exists():
            raise Refused(f"You have {MOST} views already. Remove one first.")
        defaults = {"query": wanted, "created_at": now}
        return SavedView.objects.update_or_create(user_id=actor.user_id, name=name, defaults=defaults)[0]


def remove(actor: Actor, pk: int) -> SavedView:
    require(actor, Verb.EDIT_SELF)
    view = views(actor).get(pk=pk)
    SavedView.objects.filter(pk=pk).delete()
    return view
