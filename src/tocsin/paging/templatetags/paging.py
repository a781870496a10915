"""Words for what pages are made of."""

from django import template

from tocsin.paging.notifying import label
from tocsin.paging.outgoing import PURPOSES

register = template.Library()

_TONES = {
    "opened": "red",
    "joined": "red",
    "severity": "amber",
    "urgency": "amber",
    "unreachable": "red",
    "failed": "red",
    "timed_out": "amber",
    "acknowledged": "amber",
    "resolved": "green",
    "recovered": "green",
    "unanswered": "amber",
    "partly": "amber",
    "snoozed": "amber",
}
_VIAS = {"link": "by the link in the page", "web": "on the web", "api": "by the API", "cli": "on the command line"}


@register.filter
def entry_tone(kind: str) -> str:
    return _TONES.get(kind, "grey")


@register.filter
def via_word(via: str) -> str:
    return _VIAS.get(via, via)


@register.filter
def channel_word(kind: str) -> str:
    return label(kind)


@register.filter
def purpose_word(purpose: str) -> str:
    return PURPOSES.get(purpose, purpose)
