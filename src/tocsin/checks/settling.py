"""A check's new state: kept with the stretch of time it begins, and told as an event of the service, in one step."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from tocsin.alerts.posting import post
from tocsin.checks.models import Check, Spell
from tocsin.core.signals import Action
from tocsin.health import wakeups

DOWN, UP, BLOCKED = "down", "up", "blocked"


@dataclass(frozen=True, kw_only=True)
class News:
    """What is to be said of a check that is down, or that cannot run."""

    summary: str
    severity: str = ""  # empty: the check's own
    source: str = ""
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values


def settle(check: Check, state: str, reason: str, news: News, now: datetime) -> bool:
    """In the caller's transaction, with the check's row locked; the caller saves it. True when something changed."""
    is_new, is_other = state != check.state, reason != check.reason
    if is_new:
        _turn(check, state, reason, now)
    if (state == DOWN and (is_other or not check.is_alerting)) or (state == BLOCKED and not check.is_alerting):
        tell(check, Action.TRIGGER, news, now)
    elif state == UP and check.is_alerting:
        tell(check, Action.RESOLVE, news, now)
    check.reason = reason
    return is_new or is_other


def tell(check: Check, action: Action, news: News, now: datetime) -> None:
    check.is_alerting = action is Action.TRIGGER
    said = {
        "check": f"check-{check.pk}",
        "action": action,
        "name": check.name,
        "summary": news.summary,
        "severity": news.severity or check.severity,
        "source": news.source,
        "url": f"{settings.PUBLIC_URL}{check.get_absolute_url()}",
        "details": dict(news.details) | ({"note": check.note} if check.note else {}),
    }
    post(check.outlet_id, "checks", json.dumps(said).encode(), now)


def _turn(check: Check, state: str, reason: str, now: datetime) -> None:
    Spell.objects.filter(check_of=check, ended_at=None).update(ended_at=now)
    Spell.objects.create(check_of=check, state=state, reason=reason, began_at=now)
    check.state, check.since = state, now
    wakeups.notify()
