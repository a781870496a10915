"""Opsgenie's query language, as far as it asks for what is known here.

https://docs.opsgenie.com/docs/alerts-search-query-help: `status: open AND (priority: (P1 OR P2) OR tag: db) AND NOT
acknowledged: true AND createdAt > 1470394841148`. Terms beside each other are all meant.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from tocsin.core.lifecycle import AlertState
from tocsin.sources import texts

LONGEST = 1000  # characters
MOST = 60  # words and marks: each may stand within the one before
_DEEPEST = 10  # parentheses in parentheses
_LARGEST = 2**63  # what a database counts to
_TOKEN = re.compile(
    r'\s*(?:(?P<mark>[()])|(?P<name>[A-Za-z][\w.]*)\s*(?P<compare>[<>]=?|[:=])|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))'
)
_LOOKUPS = {":": "exact", "=": "exact", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotUnderstood(Exception):
    """The query asks for something that is not known here; the text names it."""


def condition(query: str) -> Q:
    """Of alerts. `NotUnderstood`."""
    if len(query) > LONGEST:
        raise NotUnderstood(f"more than {LONGEST} characters")
    reader = _Reader(_tokens(query))
    return reader.whole() if reader.tokens else Q()


def _tokens(query: str) -> list[re.Match[str]]:
    found, at, end = list[re.Match[str]](), 0, len(query.rstrip())
    while at < end:
        token = _TOKEN.match(query, at)
        if token is None:
            raise NotUnderstood(f"“{query[at:end]}”")
        found.append(token)
        at = token.end()
    if len(found) > MOST:
        raise NotUnderstood("so many conditions")
    return found


@dataclass(slots=True)
class _Reader:
    tokens: list[re.Match[str]]
    at: int = 0
    depth: int = 0
    names: list[tuple[str, str]] = field(default_factory=lambda: [("", ":")])  # field and comparison that hold here

    def whole(self) -> Q:
        found = self._any()
        if self.at < len(self.tokens):
            raise NotUnderstood("“)”")
        return found

    def _any(self) -> Q:
        found = self._all()
        while self._takes("OR"):
            found |= self._all()
        return found

    def _all(self) -> Q:
        found = self._one()
        while self._takes("AND") or not (self._ends() or self._sees("OR")):
            found &= self._one()
        return found

    def _one(self) -> Q:
        if self._takes("NOT") or self._takes("-"):
            return ~self._one()
        if self._ends():
            raise NotUnderstood("a query that ends in the middle")
        token = self._next()
        if token["mark"]:
            return self._group()
        if token["name"]:
            return self._named(token["name"], token["compare"])
        name, compare = self.names[-1]
        word = token["word"] or ""
        if word.startswith("-") and len(word) > 1 and not name:
            return ~_term("", ":", word[1:])
        return _term(name, compare, word or token["quoted"] or "")

    def _named(self, name: str, compare: str) -> Q:
        self.names.append((name, compare))
        found = self._one()
        self.names.pop()
        return found

    def _group(self) -> Q:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotUnderstood("so many parentheses")
        found = self._any()
        if self.at == len(self.tokens):
            raise NotUnderstood("a parenthesis that does not end")
        self.at, self.depth = self.at + 1, self.depth - 1
        return found

    def _next(self) -> re.Match[str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def _ends(self) -> bool:
        return self.at == len(self.tokens) or self.tokens[self.at]["mark"] == ")"

    def _sees(self, word: str) -> bool:
        return self.at < len(self.tokens) and (self.tokens[self.at]["word"] or "").upper() == word

    def _takes(self, word: str) -> bool:
        is_here = self._sees(word)
        self.at += is_here
        return is_here


def _term(name: str, compare: str, value: str) -> Q:
    known = name.lower()
    if known in _MOMENTS:
        return Q(**{f"{_MOMENTS[known]}__{_LOOKUPS[compare]}": _moment(name, value)})
    if known in _NUMBERS:
        return Q(**{f"{_NUMBERS[known]}__{_LOOKUPS[compare]}": _number(name, value)})
    if known not in _FIELDS or _LOOKUPS[compare] != "exact":
        raise NotUnderstood(f"“{name} {compare}”")
    return _FIELDS[known](value)


def _moment(name: str, value: str) -> datetime:
    """In milliseconds."""
    try:
        return _EPOCH + timedelta(milliseconds=_number(name, value))
    except OverflowError as error:
        raise NotUnderstood(f"“{name}: {value}”") from error


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 20 and int(value) < _LARGEST):  # noqa: PLR2004
        raise NotUnderstood(f"“{name}: {value}”")
    return int(value)


def _said(value: str) -> Q:
    return Q(summary__icontains=value.strip("*"))


def _alias(value: str) -> Q:
    return Q(dedup_key__startswith=value[:-1]) if value.endswith("*") else Q(dedup_key=texts.key(value))


def _priority(value: str) -> Q:
    """Who says none has P3."""
    found = Q(details__priority=value.upper())
    return found | Q(details__priority__isnull=True) if value.upper() == "P3" else found


def _tag(value: str) -> Q:
    """As the list of tags is written in JSON, which SQLite keeps in ASCII."""
    written = (json.dumps(value), json.dumps(value, ensure_ascii=False))
    return Q(details__tags__icontains=written[0]) | Q(details__tags__icontains=written[1])


def _id(value: str) -> Q:
    try:
        return Q(uid=uuid.UUID(value))
    except ValueError:
        return Q(pk__in=[])


def _choice(name: str, choices: Mapping[str, Q]) -> Callable[[str], Q]:
    def chosen(value: str) -> Q:
        if value.lower() not in choices:
            raise NotUnderstood(f"“{name}: {value}”")
        return choices[value.lower()]

    return chosen


_OPEN, _ACKNOWLEDGED = ~Q(state=AlertState.RESOLVED), Q(state=AlertState.ACKNOWLEDGED)
_MOMENTS = {"createdat": "opened_at", "lastoccurredat": "last_event_at", "updatedat": "last_event_at"}
_NUMBERS = {"count": "event_count", "tinyid": "pk"}
_FIELDS: Mapping[str, Callable[[str], Q]] = {
    "": _said,
    "message": _said,
    "description": lambda value: Q(details__description__icontains=value.strip("*")),
    "alias": _alias,
    "alertid": _id,
    "id": _id,
    "source": lambda value: Q(source=value),
    "entity": lambda value: Q(component=value),
    "priority": _priority,
    "tag": _tag,
    "tags": _tag,
    "status": _choice("status", {"open": _OPEN, "closed": ~_OPEN}),
    "acknowledged": _choice("acknowledged", {"true": _ACKNOWLEDGED, "false": ~_ACKNOWLEDGED}),
}
