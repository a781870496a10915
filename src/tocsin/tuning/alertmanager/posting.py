"""Silences that Alertmanager's tools make, change and end: those of the integration whose key they have."""

import uuid
from datetime import datetime

from tocsin.core.matching import Matchers
from tocsin.core.permissions import Actor, Verb
from tocsin.core.sane import LAST
from tocsin.people.problems import Refused
from tocsin.rules import silences, typed
from tocsin.rules.models import Silence
from tocsin.services.models import Integration
from tocsin.tuning.alertmanager import wire
from tocsin.tuning.alertmanager.wire import Misfit, Posted

NO_COMMENT = "Made by an Alertmanager tool that gave no reason."
_OURS = "this silence was made in Tocsin, for more than the alerts of this integration: change it there"


def post(integration: Integration, posted: Posted, now: datetime) -> uuid.UUID:
    """As Alertmanager has it: one that cannot be changed into what is posted ends, and a new one begins. `Misfit`."""
    matchers = wire.matchers_of(posted)
    actor = actor_of(posted.created_by or "")
    before = _found(integration, posted.id) if posted.id else None
    try:
        if before is not None and _fits(before, posted, matchers, now):
            return _change(actor, before, posted, now).uuid
        made = _create(actor, integration, posted, matchers, now)
        if before is not None and before.ends_at > now:
            silences.expire(actor, before, now)
    except Refused as refused:
        raise Misfit(400, f"Failed to create silence: {refused}") from refused
    return made.uuid


def end(integration: Integration, key: uuid.UUID, now: datetime) -> None:
    """One that is over stays over. `Misfit`."""
    row = _found(integration, str(key))
    if row.ends_at > now:
        silences.expire(actor_of(integration.name), row, now)


def actor_of(name: str) -> Actor:
    """Whoever has the key may silence what comes in by it, under the name they say."""
    return Actor(user_id=None, name=name[:160], via="api", verbs=frozenset({Verb.VIEW, Verb.RESPOND}))


def _found(integration: Integration, text: str) -> Silence:
    try:
        row = Silence.objects.filter(uuid=uuid.UUID(text)).first()
    except ValueError:
        row = None
    if row is None or row.integration_id not in (None, integration.pk):
        raise Misfit(404, "silence not found")
    if row.integration_id is None:
        raise Misfit(403, _OURS)
    return row


def _fits(row: Silence, posted: Posted, matchers: Matchers, now: datetime) -> bool:
    """Whether it can go on under its own id: what it has silenced so far stays true."""
    if row.ends_at <= now or typed.written(matchers) != row.matchers:
        return False
    starts = _aware(posted.starts_at)
    return starts.replace(microsecond=0) == row.starts_at.replace(microsecond=0) if row.starts_at <= now else True


def _change(actor: Actor, row: Silence, posted: Posted, now: datetime) -> Silence:
    starts, ends = _aware(posted.starts_at), _aware(posted.ends_at)
    reason = posted.comment or NO_COMMENT
    return silences.change_silence(actor, row, now, starts_at=starts, ends_at=ends, reason=reason)


def _create(actor: Actor, integration: Integration, posted: Posted, matchers: Matchers, now: datetime) -> Silence:
    starts, ends = _aware(posted.starts_at), _aware(posted.ends_at)
    text, reason = typed.written(matchers), posted.comment or NO_COMMENT
    return silences.create_silence(actor, text, starts, ends, reason, now, integration=integration)


def _aware(at: datetime | None) -> datetime:
    """Go's clients always say the zone. Some say the last day of all calendars for what has no end."""
    if at is None or at.tzinfo is None:
        raise wire.coded(400, "a time without a zone")
    return min(at, LAST)
