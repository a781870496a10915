"""Where a signal of an integration goes, and how urgent it is there."""

from dataclasses import dataclass
from datetime import timedelta

from tocsin.core.signals import Signal, Urgency, urgency_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    service_id: int
    window: timedelta  # in which the alerts of the service come together; zero: each alone
    urgency: Urgency


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """An integration, as far as its signals are concerned."""

    service_id: int
    window: timedelta


def destination(origin: Origin, signal: Signal) -> Destination:
    return Destination(service_id=origin.service_id, window=origin.window, urgency=urgency_of(signal.severity))
