"""When a message that could not be sent is tried again, and when it is given up."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=5)
SPREAD = 0.4  # a pause is between 80 % and 120 % of its length, so that what failed together is not tried together


class Reason(StrEnum):
    BACKOFF = "backoff"  # waits longer after every attempt
    ASKED = "asked"  # the provider said how long to wait
    LAST_CHANCE = "last chance"  # the pause would go past the end; one more try at the end
    GIVEN_UP = "given up"


@dataclass(frozen=True, kw_only=True)
class Plan:
    reason: Reason
    after: timedelta = timedelta(0)  # nothing when given up


def plan(*, attempts: int, age: timedelta, give_up_after: timedelta, asked: timedelta | None, jitter: float) -> Plan:
    """What to do after the `attempts`-th attempt has failed for now.

    `age` counts from when the message was first due; `jitter` is random in [0, 1).
    """
    left = give_up_after - age
    if left <= timedelta(0):
        return Plan(reason=Reason.GIVEN_UP)
    after = max(asked, FIRST) if asked is not None else _backoff(attempts, jitter)
    if after > left:
        return Plan(reason=Reason.LAST_CHANCE, after=left)
    return Plan(reason=Reason.ASKED if asked is not None else Reason.BACKOFF, after=after)


def _backoff(attempts: int, jitter: float) -> timedelta:
    doublings = min(max(attempts, 1) - 1, 16)  # beyond the longest pause anyway; keeps the power small
    factor: int = 2**doublings
    return min(FIRST * factor, LONGEST) * (1 - SPREAD / 2 + SPREAD * jitter)
