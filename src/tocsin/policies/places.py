"""Chat channels and other systems that steps tell."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from tocsin import sealing
from tocsin.channels.contract import BadAddress
from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Actor, Verb, require
from tocsin.outbox import actions as outbox
from tocsin.outbox.models import Message
from tocsin.people import signing
from tocsin.people.problems import Refused
from tocsin.people.writing import create as create_row
from tocsin.people.writing import delete as delete_row
from tocsin.policies.models import Place

KEY = "place"  # begins the key of a message to a place; its id ends it
KINDS = ("chat", "webhook", "ntfy")


def places(actor: Actor) -> QuerySet[Place]:
    """Without their addresses: whoever has one can write there."""
    require(actor, Verb.VIEW)
    return Place.objects.defer("address", "secret")


def place(actor: Actor, pk: int) -> Place:
    """`Http404` when there is none."""
    return get_object_or_404(places(actor), pk=pk)


def create(actor: Actor, name: str, kind: str, address: str, now: datetime, *, secret: str = "") -> Place:
    require(actor, Verb.CONFIGURE)
    if kind not in KINDS:
        raise Refused("A place is a chat channel, a webhook or an ntfy topic.", {"kind": "Choose one of these."})
    try:
        checked = CHANNELS[kind].check(address)
    except BadAddress as error:
        raise Refused(str(error), {"address": str(error)}) from error
    if kind == "webhook" and not secret:
        secret = sealing.token()  # its receiver cannot know a notice from a forgery otherwise
    return create_row(actor, Place(name=name.strip(), kind=kind, address=checked, secret=secret, created_at=now), now)


def new_secret(actor: Actor, found: Place, now: datetime) -> str:
    """What a webhook's messages are signed with from now on. Whoever made it is told it this once."""
    require(actor, Verb.CONFIGURE)
    return signing.renew(actor, found, found.kind, now)


def delete(actor: Actor, found: Place, now: datetime) -> None:
    """`Refused` while a policy tells it. What waits to be tried again there is not sent any more."""
    require(actor, Verb.CONFIGURE)
    waiting = Message.objects.filter(
        state__in=outbox.READY, key__startswith=f"{KEY}-", key__endswith=f"-{found.pk}"
    ).values_list("pk", flat=True)
    with transaction.atomic():
        outbox.cancel(list(waiting), now)
        delete_row(actor, found, now)
