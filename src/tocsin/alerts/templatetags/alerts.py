"""Words for where alerts come from."""

from django import template

from tocsin.sources.registry import SOURCES

register = template.Library()


@register.filter
def source_word(kind: str) -> str:
    return SOURCES[kind].label if kind in SOURCES else kind
