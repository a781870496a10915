"""What messages to webhooks are signed with."""

from datetime import datetime

from django.db import transaction
from django.db.models import Model

from tocsin import sealing
from tocsin.audit.actions import record
from tocsin.core.permissions import Actor
from tocsin.people.problems import Refused


def renew(actor: Actor, row: Model, kind: str, now: datetime) -> str:
    """The `secret` of a contact method or a place, from now on. Whoever made it is told it this once.

    The caller asks whether the actor may.
    """
    if kind != "webhook":
        raise Refused("Only what is sent to webhooks is signed.")
    secret = sealing.token()
    with transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(secret=secret)
        record(actor, "made a new secret of", row, now)
    return secret
