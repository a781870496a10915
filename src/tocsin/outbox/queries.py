"""What leaves, has left, and could not."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from tocsin.core.permissions import Actor, Verb, require
from tocsin.outbox.models import Attempt, Message


@dataclass(frozen=True, kw_only=True)
class MessageFilters:
    state: str = ""
    kind: str = ""
    purpose: str = ""


def messages(actor: Actor, filters: MessageFilters = MessageFilters()) -> QuerySet[Message]:
    """Newest first; without what is sealed."""
    require(actor, Verb.VIEW)
    asked = {name: value for name, value in vars(filters).items() if value}
    return Message.objects.filter(**asked).defer("secret", "payload")


def message(actor: Actor, pk: int) -> Message:
    require(actor, Verb.VIEW)
    return Message.objects.defer("secret").get(pk=pk)


def attempts(actor: Actor, pk: int) -> QuerySet[Attempt]:
    """The delivery history of one message, oldest first."""
    require(actor, Verb.VIEW)
    return Attempt.objects.filter(message_id=pk)


def counts(actor: Actor) -> dict[str, int]:
    """How many messages are in each state."""
    require(actor, Verb.VIEW)
    return dict(Message.objects.order_by().values_list("state").annotate(count=Count("pk")))
