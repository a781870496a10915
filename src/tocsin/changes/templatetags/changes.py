"""How a change is shown."""

from django import template
from django.utils.safestring import SafeString

from tocsin.core.suspects import Outcome, outcome_of
from tocsin.ui.templatetags.ui import state

register = template.Library()


@register.simple_tag
def change_status(status: str) -> SafeString | str:
    """A badge, with the tool's own word where nobody knows what it means; nothing when nothing was said."""
    outcome = outcome_of(status)
    if outcome is Outcome.UNSAID:
        return state("unsaid", status) if status else ""
    return state(outcome.value)
