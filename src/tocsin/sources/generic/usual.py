"""Where the fields of an alert usually are, when no mapping says otherwise."""

from collections.abc import Mapping

from tocsin.core.signals import Action

_NAMES: Mapping[str, tuple[str, ...]] = {
    "summary": ("summary", "title", "message", "subject", "msg", "text", "name", "description"),
    "dedup_key": ("dedup_key", "dedupKey", "dedup", "alias", "fingerprint", "key", "incident_key", "id"),
    "severity": ("severity", "level", "priority", "urgency"),
    "action": ("action", "event_action", "status", "state", "event"),
    "source": ("source", "host", "hostname", "instance", "node", "entity"),
    "component": ("component", "service", "app", "application", "check", "job"),
    "details": ("details", "custom_details", "data"),
    "link": ("link", "url", "href", "permalink"),
    "links": ("links",),
    "images": ("images", "image", "image_url"),
}

ACTIONS: Mapping[str, Action] = {
    **dict.fromkeys(("resolve", "resolved", "resolving", "ok", "okay", "up", "closed", "close", "recovered", "recovery",
                     "cleared", "clear", "inactive", "normal", "fixed", "success", "healthy"), Action.RESOLVE),
    **dict.fromkeys(("acknowledge", "acknowledged", "ack", "acked"), Action.ACKNOWLEDGE),
}  # fmt: skip


def find(name: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value if name == "summary" else None
    return next((value[n] for n in _NAMES[name] if value.get(n) not in (None, "")), None)
