"""Reading mailboxes, for whoever may."""

from django.db.models import Q, QuerySet

from tocsin.core.permissions import Actor, Verb, require
from tocsin.mailboxes.models import Mailbox
from tocsin.services.models import Integration


def mailboxes(actor: Actor, search: str = "") -> QuerySet[Mailbox]:
    """Those of integrations that are there. `search`: in user, server or the integration's name."""
    require(actor, Verb.VIEW)
    found = Mailbox.objects.filter(integration__deleted_at=None).select_related("integration").order_by("user", "host")
    said = Q(user__icontains=search) | Q(host__icontains=search) | Q(integration__name__icontains=search)
    return found.filter(said) if search else found


def mailbox(actor: Actor, integration: Integration) -> Mailbox:
    """`DoesNotExist` when it has none."""
    return mailboxes(actor).get(integration=integration)


def mailbox_of(actor: Actor, integration: Integration) -> Mailbox | None:
    return mailboxes(actor).filter(integration=integration).first()
