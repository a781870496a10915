"""`POST /api/v2/alerts`: how Prometheus talks to an Alertmanager, and here without one.

Prometheus sends what fires again and again, each time with an `endsAt` a few minutes ahead. An alert that it says no
more of ends then. Nothing tells it apart but its labels; empty ones are as if they were not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from tocsin.core.signals import Action, Signal
from tocsin.sources.alertmanager.labelled import Alert, firing, key_of
from tocsin.sources.contract import Unreadable
from tocsin.sources.times import exact

RESOLVE_TIMEOUT = timedelta(minutes=5)  # of an alert that does not say when it ends; Alertmanager's default


class Pushed(Alert):
    starts_at: str | None = msgspec.field(name="startsAt", default=None)
    ends_at: str | None = msgspec.field(name="endsAt", default=None)


@dataclass(frozen=True, kw_only=True)
class Sifted:
    good: bytes  # a batch of those alone
    count: int  # of them
    errors: tuple[str, ...]


_decoder = msgspec.json.Decoder(list[Pushed])


def sift(body: bytes) -> Sifted:
    """`Unreadable` when it is no batch of alerts at all."""
    pushed = _read(body)
    problems = [_problem(alert) for alert in pushed]
    good = [alert for alert, problem in zip(pushed, problems, strict=True) if not problem]
    errors = tuple(problem for problem in problems if problem)
    return Sifted(good=msgspec.json.encode(good) if errors else body, count=len(good), errors=errors)


def parse(body: bytes, received_at: datetime) -> list[Signal]:
    return [_signal(alert, received_at) for alert in _read(body) if not _problem(alert)]


def _read(body: bytes) -> list[Pushed]:
    try:
        pushed = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(f"This is not a list of alerts: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The JSON cannot be read: {error}.") from error
    for alert in pushed:
        alert.labels = {name: value for name, value in alert.labels.items() if value}
    return pushed


def _problem(alert: Pushed) -> str:
    return next(_problems(alert), "")


def _problems(alert: Pushed) -> Iterator[str]:
    if not alert.labels:
        yield "at least one label pair required"
    try:
        starts, ends = exact(alert.starts_at), exact(alert.ends_at)
    except ValueError as error:
        yield f"a time cannot be read: {error}"
    else:
        if starts and ends and ends < starts:
            yield "start time must be before end time"


def _signal(alert: Pushed, received_at: datetime) -> Signal:
    ends = exact(alert.ends_at) or received_at + RESOLVE_TIMEOUT
    if ends <= received_at:
        return Signal(action=Action.RESOLVE, dedup_key=key_of(alert), said_at=ends)
    return firing(alert, [(alert.generator_url, "Query in Prometheus")], ends)
