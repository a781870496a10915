"""How urgent an alert is: the first rule that matches says it, else its severity (`signals.urgency_of`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.conditions import ALWAYS, Condition, in_hours, next_edge
from tocsin.core.matching import Fields, Matchers, matches
from tocsin.core.signals import Severity, Urgency, urgency_of


@dataclass(frozen=True, kw_only=True)
class UrgencyRule:
    id: int
    name: str
    matchers: Matchers = ()  # none: everything
    urgency: Urgency  # in its hours
    otherwise: Urgency | None = None  # outside them; none: the next rule says
    hours: Condition = ALWAYS  # its weekdays, hours and zone


@dataclass(frozen=True, kw_only=True)
class Judged:
    urgency: Urgency
    reason: str  # a sentence
    rule: int | None = None


def judge(rules: Iterable[UrgencyRule], fields: Fields, severity: Severity, now: datetime) -> Judged:
    for rule in rules:
        if matches(rule.matchers, fields) and (judged := _by(rule, now)):
            return judged
    return by_severity(severity)


def by_severity(severity: Severity) -> Judged:
    """Where no rule says anything."""
    usual = urgency_of(severity)
    return Judged(urgency=usual, reason=f"{severity.value.capitalize()} alerts have {in_words(usual)}.")


def _by(rule: UrgencyRule, now: datetime) -> Judged | None:
    inside = in_hours(rule.hours, now)
    urgency = rule.urgency if inside else rule.otherwise
    if urgency is None:
        return None
    hours = rule.hours.in_words
    when = f" {'in' if inside else 'outside'} its hours ({hours})" if hours else ""
    return Judged(urgency=urgency, reason=f"Rule “{rule.name}” gives it {in_words(urgency)}{when}.", rule=rule.id)


def next_change(rules: Iterable[UrgencyRule], after: datetime) -> datetime | None:
    """When the hours of a rule begin or end next: alerts that are open then have to be judged again."""
    edges = (next_edge(rule.hours, after) for rule in rules if rule.hours != ALWAYS)
    return min((at for at in edges if at is not None), default=None)


def in_words(urgency: Urgency) -> str:
    return "no urgency" if urgency is Urgency.NONE else f"{urgency} urgency"
