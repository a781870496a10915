"""A mapping tried on a message before it is saved."""

from collections.abc import Mapping

from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Signal
from tocsin.people.problems import Refused
from tocsin.services.actions import try_mapping
from tocsin.services.models import Integration
from tocsin.sources.registry import SOURCES


def tried(actor: Actor, integration: Integration, mapping: Mapping[str, object], message: bytes) -> list[Signal]:
    """What the message would become; a blank one stands for the usual message of the integration's kind. Nothing is
    kept. `Refused`, in words, when it cannot be read or has no alerts in it."""
    require(actor, Verb.CONFIGURE)
    found = try_mapping(integration.kind, mapping, message.strip() or SOURCES[integration.kind].sample)
    if isinstance(found, str):
        raise Refused(found)
    if not found:
        raise Refused("The message was read and has no alerts in it.")
    return found
