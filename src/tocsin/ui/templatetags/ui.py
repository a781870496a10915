"""The words of the interface, as template tags. A builtin: templates need no `load`."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput
from django.template import Context
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from tocsin.ui import times
from tocsin.ui.icons import ICONS, MARKS
from tocsin.ui.states import SEVERITIES, STATES, Look, look_of

register = template.Library()

_INSTANT = re.compile(r"\b(20\d\d-\d\d-\d\d \d\d:\d\d) UTC\b")
_NOTICE_KINDS = {"debug": "info", "info": "info", "success": "ok", "warning": "warn", "error": "bad"}
_NOTICE_ICONS = {"info": "info", "ok": "check", "warn": "warning", "bad": "warning"}


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', ICONS[name])


@register.simple_tag
def mark(name: str) -> SafeString:
    # the marks are constants of icons.py
    return mark_safe(f'<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">{MARKS[name]}</svg>')  # noqa: S308


@register.simple_tag
def state(value: object, word: str = "") -> SafeString:
    """A badge: shape, word and colour. `word` replaces the usual word."""
    return _badge(look_of(STATES, value), word)


@register.simple_tag
def severity(value: object) -> SafeString:
    return _badge(look_of(SEVERITIES, value), "")


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None, empty: str = "never") -> SafeString:
    """“4 min ago” or “in 2 h”; kept true by times.js."""
    if at is None:
        return format_html('<span class="muted">{}</span>', empty)
    local, now = timezone.localtime(at), context.get("now")
    text = times.relative(local, now) if now else times.short(local)
    return _time(local, text, "ago")


@register.simple_tag(takes_context=True)
def when(context: Context, at: datetime | None, empty: str = "never") -> SafeString:
    """The time in the viewer's zone: “Tue 3 Mar, 09:30”."""
    if at is None:
        return format_html('<span class="muted">{}</span>', empty)
    local = timezone.localtime(at)
    return _time(local, times.short(local, context.get("now")), "when")


@register.simple_tag(takes_context=True)
def said(context: Context, text: str) -> SafeString:
    """A stored sentence: lines as lines, instants, as `core.holds.clock` writes them, in the viewer's zone."""
    pieces = enumerate(_INSTANT.split(text))
    return format_html_join("", "{}", ((_instant(context, p) if i % 2 else linebreaksbr(p),) for i, p in pieces))


@register.filter
def span(length: timedelta | float | None) -> str:
    """A length of time, also given in seconds: “2 h 5 min”."""
    if length is None:
        return ""
    return times.span(length if isinstance(length, timedelta) else timedelta(seconds=length))


@register.filter
def until(start: datetime, end: datetime) -> str:
    """How long it was from one time to another: “2 h 5 min”."""
    return times.span(end - start)


@register.filter
def marked(text: str) -> SafeString:
    """What stands in backticks as code, lines as lines; everything else as it is."""
    pieces = re.split(r"`([^`\n]+)`", text)
    shown = [format_html("<code>{}</code>", p) if i % 2 else linebreaksbr(p) for i, p in enumerate(pieces)]
    return format_html_join("", "{}", ((piece,) for piece in shown))


@register.filter
def state_word(value: object) -> str:
    return look_of(STATES, value).word


@register.filter
def tone(value: object) -> str:
    """The tone of a state, for `data-tone`."""
    return look_of(STATES, value).tone


@register.filter
def notice_kind(level: str) -> str:
    """A message's level as the `data-kind` of its notice."""
    return _NOTICE_KINDS.get(level, "info")


@register.simple_tag
def notice_icon(kind: str) -> SafeString:
    return icon(_NOTICE_ICONS.get(kind, "info"))


@register.inclusion_tag("ui/field.html")
def field(bound: BoundField, label: str = "") -> dict[str, object]:
    return {
        "field": bound,
        "label": label or bound.label,
        "is_check": isinstance(bound.field.widget, CheckboxInput),
        "is_group": bound.field.widget.use_fieldset,
        "is_optional": not bound.field.required and not isinstance(bound.field.widget, CheckboxInput),
    }


@register.inclusion_tag("ui/form_errors.html")
def form_errors(*forms: BaseForm) -> dict[str, object]:
    """What is wrong with the form as a whole, on top of it. Also says that fields below need attention."""
    return {
        "errors": [error for form in forms for error in form.non_field_errors()],
        "is_wrong": any(form.is_bound and form.errors for form in forms),
    }


@register.inclusion_tag("ui/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> dict[str, object]:
    request = context.get("request")
    query = request.GET.copy() if request else None
    if query is not None:
        query.pop("page", None)
    return {"page": page, "query": f"{query.urlencode()}&" if query else ""}


@register.inclusion_tag("ui/empty.html")
def empty_state(title: str, text: str, url: str = "", label: str = "") -> Mapping[str, str]:
    return {"title": title, "text": text, "url": url, "label": label}


def _instant(context: Context, written: str) -> SafeString:
    try:
        return when(context, datetime.fromisoformat(f"{written}+00:00"))
    except ValueError:  # somebody's own words, and no time
        return format_html("{} UTC", written)


def _badge(look: Look, word: str) -> SafeString:
    return format_html('<span class="badge" data-tone="{}">{}{}</span>', look.tone, mark(look.mark), word or look.word)


def _time(local: datetime, text: str, kind: str) -> SafeString:
    return format_html(
        '<time datetime="{}" data-time="{}" title="{}">{}</time>', local.isoformat(), kind, times.full(local), text
    )
