"""What people type about rules, read and checked."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist

from tocsin.core import sane
from tocsin.core.matching import Matcher, Matchers, Unparsable, parse
from tocsin.people.problems import Refused
from tocsin.services.models import Service

_NAME = "Give it a name: it stands wherever this rule was the reason for something."


def matchers(text: str, field: str = "matchers") -> Matchers:
    """`Refused` when they cannot be read. A service may be called as it is shown; it is kept by its slug."""
    try:
        return tuple(map(_by_slug, parse(text)))
    except Unparsable as error:
        raise Refused(str(error), {field: str(error)}) from error


def _by_slug(matcher: Matcher) -> Matcher:
    """Alerts say the slug of their service, and people the name that they see."""
    if matcher.name != "service" or matcher.op.is_regex or Service.objects.filter(slug=matcher.value).exists():
        return matcher
    slugs = Service.objects.filter(name__iexact=matcher.value).values_list("slug", flat=True)[:2]
    return replace(matcher, value=slugs[0]) if len(slugs) == 1 else matcher


def some_matchers(text: str, field: str = "matchers") -> Matchers:
    """`Refused` also when they would match alerts that have nothing in common: all of them, sooner or later."""
    found = matchers(text, field)
    if all(matcher.holds({}) for matcher in found):
        sentence = 'At least one matcher has to say something about every alert it means, such as service="checkout".'
        raise Refused(sentence, {field: sentence})
    return found


def written(found: Sequence[Matcher]) -> str:
    """As they are kept and shown."""
    return ", ".join(map(str, found))


def name(text: str) -> str:
    found = text.strip()
    if not found:
        raise Refused(_NAME, {"name": _NAME})
    return found


def check_times(**times: datetime | None) -> None:
    """`Refused` for one that no calendar has room for in every zone."""
    for field, at in times.items():
        if at is not None and not sane.is_sane(at):
            sentence = f"Choose a time between {sane.FIRST_DAY} and {sane.LAST_DAY}."
            raise Refused(sentence, {field: sentence})


def weekdays(days: Collection[int]) -> list[int]:
    """In their order, each once."""
    if not set(days) <= set(range(7)):
        sentence = "Weekdays go from 0, Monday, to 6, Sunday."
        raise Refused(sentence, {"weekdays": sentence})
    return sorted(set(days))


def key(text: str) -> uuid.UUID:
    """Of a silence. `ObjectDoesNotExist` for what is none: there is no such silence."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise ObjectDoesNotExist(text) from error
