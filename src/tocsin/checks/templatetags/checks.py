"""Figures of checks."""

from django import template

from tocsin.checks.chart import milliseconds as in_milliseconds

register = template.Library()


@register.filter
def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else in_milliseconds(seconds)


@register.filter
def percent(share: float | None) -> str:
    """Rounded down, so that 100 % means all of the time."""
    if share is None:
        return "–"
    return "100 %" if share >= 1 else f"{int(share * 100_000) / 1000:.3f} %"
