"""Words for what pages are made of."""

from django import template

from tocsin.channels.registry import CHANNELS
from tocsin.paging.outgoing import PURPOSES

register = template.Library()

_TONES = {
    "opened": "red",
    "joined": "red",
    "paged": "red",
    "severity": "amber",
    "unreachable": "red",
    "failed": "red",
    "timed_out": "red",
    "escalated": "red",
    "unacknowledged": "red",
    "acknowledged": "amber",
    "resolved": "green",
    "group_resolved": "green",
}
_VIAS = {"link": "the link in the page", "web": "the web", "api": "the API", "cli": "the command line"}


@register.filter
def entry_tone(kind: str) -> str:
    return _TONES.get(kind, "grey")


@register.filter
def via_word(via: str) -> str:
    return _VIAS.get(via, via)


@register.filter
def channel_word(kind: str) -> str:
    return CHANNELS[kind].label if kind in CHANNELS else kind


@register.filter
def purpose_word(purpose: str) -> str:
    return PURPOSES.get(purpose, purpose)
