"""Shifts on the pages of people, which cannot know of schedules."""

from django import template
from django.template import Context

from tocsin import clock
from tocsin.care import queries
from tocsin.people.models import User

register = template.Library()


@register.inclusion_tag("care/shifts.html", takes_context=True)
def coming_shifts(context: Context, person: User) -> dict[str, object]:
    """A person's own, in all schedules."""
    now, request = clock.now(), context["request"]
    shifts = queries.coming(request.actor, now, person.pk)
    return {"request": request, "shifts": shifts, "now": now, "far": now + queries.AHEAD}
