"""Words for where alerts come from, and for how they are."""

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tocsin.alerts.models import Alert, AlertGroup
from tocsin.core import lifecycle
from tocsin.core.holds import clock
from tocsin.sources.registry import SOURCES
from tocsin.ui.templatetags import ui

register = template.Library()


@register.filter
def source_word(kind: str) -> str:
    return SOURCES[kind].label if kind in SOURCES else kind


@register.simple_tag
def alert_state(of: Alert | AlertGroup) -> SafeString:
    """The badge of an alert or a group, the same everywhere."""
    return ui.state(lifecycle.shown(of.state, of.held))


@register.simple_tag(takes_context=True)
def held_back(context: Context, alert: Alert) -> SafeString:
    """Why it is, and until when: once, also where the sentence says it."""
    why = ui.said(context, alert.held_reason)
    if alert.held_until is None or clock(alert.held_until) in alert.held_reason:
        return why
    return format_html(
        '{} <span class="muted">It is looked at again {}.</span>', why, ui.when(context, alert.held_until)
    )
