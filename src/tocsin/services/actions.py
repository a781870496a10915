"""Changing services and integrations."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Signal
from tocsin.health import wakeups
from tocsin.people import writing
from tocsin.people.models import Team
from tocsin.people.problems import Refused
from tocsin.policies.models import EscalationPolicy
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration, Service
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import BY_HAND, OWN, SOURCES

_SERVICE_FIELDS = {
    "name", "description", "team", "tier", "policy", "runbook_url", "dashboard_url", "logs_url", "chat_url", "rollback",
    "group_minutes", "group_by", "group_hours", "pause_minutes", "resolve_minutes", "calms_flapping", "storm_threshold",
    "change_window_minutes",
}  # fmt: skip
_INTEGRATION_FIELDS = {"name", "mapping", "is_enabled", "is_routed", "secret", "topics"}
_HINT = 4
_OWN = "This is made by itself, with the check that it belongs to. Make the check."
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # of a sample that is only looked at


def create_service(
    actor: Actor, name: str, policy: EscalationPolicy, now: datetime, *, team: Team | None = None, **fields: object
) -> Service:
    require(actor, Verb.CONFIGURE)
    writing.check_fields(fields, _SERVICE_FIELDS)
    slug = writing.slug_for(Service, name)
    return writing.create(actor, Service(name=name, slug=slug, policy=policy, team=team, created_at=now, **fields), now)


def change_service(actor: Actor, service: Service, now: datetime, **changes: object) -> Service:
    """The slug stays, so that links do."""
    require(actor, Verb.CONFIGURE)
    writing.check_fields(changes, _SERVICE_FIELDS)
    return writing.change(actor, service, now, changes)


def delete_service(actor: Actor, service: Service, now: datetime) -> None:
    require(actor, Verb.CONFIGURE)
    if service.groups.exists():
        raise Refused(
            f"{service} has alerts in its history, and they are kept. Nothing was deleted. "
            "To hear no more of it, delete its integrations."
        )
    writing.delete(actor, service, now)


def create_integration(
    actor: Actor, service: Service, kind: str, name: str, now: datetime, mapping: Mapping[str, object] | None = None
) -> tuple[Integration, str]:
    """The integration and its key, which is shown once and kept only as a fingerprint."""
    require(actor, Verb.CONFIGURE)
    if kind in OWN:
        raise Refused(_OWN, {"kind": _OWN})
    _check_mapping(kind, mapping or {})
    return create_own(actor, service, kind, name, now, mapping)


def create_own(
    actor: Actor, service: Service, kind: str, name: str, now: datetime, mapping: Mapping[str, object] | None = None
) -> tuple[Integration, str]:
    """Also of the kinds that Tocsin makes together with what they belong to."""
    require(actor, Verb.CONFIGURE)
    key, stored = _new_key()
    made = Integration(service=service, kind=kind, name=name, mapping=dict(mapping or {}), created_at=now, **stored)
    return writing.create(actor, made, now), key


def rotate_key(actor: Actor, integration: Integration, now: datetime) -> str:
    """The new key. The old one stops within seconds."""
    require(actor, Verb.CONFIGURE)
    key, stored = _new_key()
    writing.change(actor, integration, now, dict(stored), verb="rotated the key of")
    wakeups.notify()
    return key


def change_integration(actor: Actor, integration: Integration, now: datetime, **changes: object) -> Integration:
    require(actor, Verb.CONFIGURE)
    writing.check_fields(changes, _INTEGRATION_FIELDS)
    mapping = changes.get("mapping")
    if isinstance(mapping, Mapping):
        _check_mapping(integration.kind, mapping)
    if changes.get("secret") and not signs(integration.kind):
        sentence = "This tool does not sign what it sends, so a secret would keep everything out. Leave it empty."
        raise Refused(sentence, {"secret": sentence})
    if "topics" in changes:
        changes["topics"] = _checked_topics(integration.kind, changes["topics"])
    changed = writing.change(actor, integration, now, changes)
    wakeups.notify()
    return changed


def learn_topic(actor: Actor, integration_id: int, topic: str, now: datetime) -> bool:
    """Whether the topic is one that the integration listens to. The first that comes is, while it listens to none."""
    require(actor, Verb.CONFIGURE)
    integration = Integration.objects.get(pk=integration_id)
    if not integration.topics and integration.is_enabled:
        writing.change(actor, integration, now, {"topics": [topic]}, verb="subscribed")
        wakeups.notify()
    return topic in integration.topics


def delete_integration(actor: Actor, integration: Integration, now: datetime) -> None:
    """Its key stops and it is shown no more; its alerts stay, with its name."""
    require(actor, Verb.CONFIGURE)
    if integration.kind in OWN:
        raise Refused("This goes by itself, with the check that it belongs to. Nothing was deleted.")
    delete_own(actor, integration, now)


def delete_own(actor: Actor, integration: Integration, now: datetime) -> None:
    """Also of the kinds that Tocsin makes together with what they belong to."""
    require(actor, Verb.CONFIGURE)
    writing.change(actor, integration, now, {"is_enabled": False, "deleted_at": now}, verb="deleted")
    wakeups.notify()


def signs(kind: str) -> bool:
    """Whether the tool can sign its messages, and so an integration of this kind may have a secret."""
    return kind in SOURCES and SOURCES[kind].is_signed is not None


def try_mapping(kind: str, mapping: Mapping[str, object], sample: bytes) -> list[Signal] | str:
    """What a sample would become, or what is wrong, in words. Nothing is kept."""
    if kind not in SOURCES:
        return _unknown(kind)
    try:
        _check_fit(kind, mapping)
        return [heard for heard in SOURCES[kind].parse(sample, mapping, _ANY_TIME) if isinstance(heard, Signal)]
    except Unreadable as error:
        return str(error)


def _check_mapping(kind: str, mapping: Mapping[str, object]) -> None:
    """What can be said without a sample: that the kind is known, and that its expressions and templates can be used."""
    if kind not in SOURCES:
        raise Refused(_unknown(kind), {"kind": _unknown(kind)})
    if not all(isinstance(name, str) for name in mapping):
        raise Refused("The names in a mapping are texts.", {"mapping": "The names in a mapping are texts."})
    try:
        _check_fit(kind, mapping)
    except Unreadable as error:
        raise Refused(str(error), {"mapping": str(error)}) from error


def _checked_topics(kind: str, topics: object) -> list[str]:
    """Each once, in their order."""
    found = list(dict.fromkeys(map(str, topics if isinstance(topics, list) else ())))
    if found and kind != "sns":
        raise Refused("Only an integration of kind sns listens to topics.", {"topics": "Only SNS has topics."})
    if wrong := [topic for topic in found if not topic.startswith("arn:aws")]:
        sentence = f"“{wrong[0]}” is not the ARN of a topic: arn:aws:sns:region:account:name."
        raise Refused(sentence, {"topics": sentence})
    return found


def _check_fit(kind: str, mapping: Mapping[str, object]) -> None:
    if fits := SOURCES[kind].fits:
        fits(mapping)


def _unknown(kind: str) -> str:
    return f"There is no integration of kind “{kind}”. There are {', '.join(sorted(BY_HAND))}."


def _new_key() -> tuple[str, dict[str, str]]:
    """32 characters a–f and 0–9, as PagerDuty's clients expect of a routing key."""
    key = secrets.token_hex(16)
    return key, {"key_hash": fingerprint(key), "key_hint": key[:_HINT]}
