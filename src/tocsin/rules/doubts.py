"""Matchers that can be read and may still not mean what was typed: those that ask for a value that nothing has."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from tocsin.core.matching import Matcher, Op, Unparsable, parse
from tocsin.core.signals import Severity
from tocsin.services.models import Integration, Service
from tocsin.sources.registry import SOURCES

_SHOWN = 8  # known values in a sentence


def doubts(*written: str) -> tuple[str, ...]:
    """A sentence for each matcher that holds for no alert, or for every one, because its value is not known.

    `written`: texts of matchers; one that cannot be read is somebody else's to tell.
    """
    return tuple(dict.fromkeys(filter(None, (_doubt(matcher) for text in written for matcher in _read(text)))))


def _read(text: str) -> Iterable[Matcher]:
    try:
        return parse(text)
    except Unparsable:
        return ()


def _doubt(matcher: Matcher) -> str:
    if matcher.op.is_regex or not matcher.value or matcher.name not in _KNOWN:
        return ""
    known = sorted(_KNOWN[matcher.name]())
    if matcher.value in known:
        return ""
    close = get_close_matches(matcher.value.lower(), known, _SHOWN, 0.5) or known[:_SHOWN]
    end = ", …" if len(close) < len(known) else "."
    so = "every alert" if matcher.op is Op.IS_NOT else "no alert"
    there = f" There is {', '.join(close)}{end}" if close else ""
    return f"{matcher} holds for {so}: there is no {matcher.name} of that name.{there}"


_KNOWN: Mapping[str, Callable[[], Iterable[str]]] = {
    "service": lambda: Service.objects.values_list("slug", flat=True),
    "severity": lambda: [s.value for s in Severity],
    "integration": lambda: Integration.objects.filter(deleted_at=None).values_list("name", flat=True).distinct(),
    "kind": lambda: SOURCES,
}
