"""What an alert says when its source changes a part of it."""

from collections.abc import Mapping
from dataclasses import replace

from tocsin.core.signals import Action, Signal


def amended(before: Signal, change: Signal) -> Signal:
    """The whole of what is said after it. Lists get longer, pairs are added or replaced, texts are replaced."""
    details = {**before.details}
    for name, value in change.details.items():
        details[name] = _merged(details.get(name), value)
    severity = change.severity if change.action is Action.RATE else before.severity
    return replace(before, summary=change.summary or before.summary, severity=severity, details=details)


def is_other(before: Signal, now: Signal) -> bool:
    """Whether the same alert says something else that rules can ask about, beside its severity."""
    about = now.summary or before.summary, now.source, now.component
    return about != (before.summary, before.source, before.component) or now.details != before.details


def _merged(before: object, value: object) -> object:
    if isinstance(before, list) and isinstance(value, list):
        return [*before, *(item for item in value if item not in before)]
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        return {**before, **value}
    return value
