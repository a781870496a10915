"""Reading mailboxes, for whoever may."""

from tocsin.core.permissions import Actor, Verb, require
from tocsin.mailboxes.models import Mailbox
from tocsin.services.models import Integration


def mailbox_of(actor: Actor, integration: Integration) -> Mailbox | None:
    require(actor, Verb.VIEW)
    return Mailbox.objects.filter(integration=integration).first()
