"""Matchers: which alerts a silence, a route or any other rule is about.

The language is Alertmanager's (prometheus.io/docs/alerting/latest/configuration/#matchers): `=`, `!=`, `=~` and `!~`, a
comma for “and”, names and values bare or in double quotes, expressions that must match the whole value, and a field
that an alert does not have is as good as empty. Expressions cannot run away: see `core.regular`.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from tocsin.core.regular import Irregular, Regular
from tocsin.core.signals import Signal

LONGEST = 10_000  # characters of a text of matchers
Fields = Mapping[str, str]
"""An alert's labels; `severity`, `source`, `component`, `summary`, `dedup_key`; `service`, `integration` and `kind`."""

_BARE = r"[^\s{}!=~,\\\"'`]+"  # Alertmanager's reserved characters, and white space, must be quoted
_TOKENS = re.compile(
    rf'\s*(?:(?P<bare>{_BARE})|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<op>=~|!~|!=|=)|(?P<mark>[{{}},]))\s*', re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\"}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
# where tools put what Prometheus calls labels; an inner name wins over none, never over an outer one
_LABELS = ("labels", "custom_details", "tags")


class Unparsable(ValueError):
    """Not matchers. Its text tells a person what is wrong and where."""


class Op(StrEnum):
    IS = "="
    IS_NOT = "!="
    LIKE = "=~"
    UNLIKE = "!~"

    @property
    def is_regex(self) -> bool:
        return self in (Op.LIKE, Op.UNLIKE)

    @property
    def is_negative(self) -> bool:
        return self in (Op.IS_NOT, Op.UNLIKE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """`Unparsable` when its value has to be an expression and is none."""

    name: str
    op: Op
    value: str

    def __post_init__(self) -> None:
        if not self.name:
            raise Unparsable("A matcher needs the name of a field on its left.")
        if self.op.is_regex:
            compiled(self.value)

    def __str__(self) -> str:
        return f"{_rendered_name(self.name)}{self.op}{_quoted(self.value)}"

    def holds(self, fields: Fields) -> bool:
        found = fields.get(self.name, "")
        same = compiled(self.value).matches(found) if self.op.is_regex else found == self.value
        return same is not self.op.is_negative


Matchers = tuple[Matcher, ...]


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Regular:
    """Once for each expression. `Unparsable` when it is none."""
    try:
        return Regular(expression)
    except Irregular as error:
        raise Unparsable(f"“{expression[:60]}” is not a regular expression: {error}.") from error


def matches(matchers: Iterable[Matcher], fields: Fields) -> bool:
    """Whether all of them hold. No matchers match everything."""
    return all(matcher.holds(fields) for matcher in matchers)


def render(matchers: Sequence[Matcher]) -> str:
    """The text that `parse` reads: `{severity="critical", team=~"web|db"}`."""
    return "{" + ", ".join(map(str, matchers)) + "}"


def parse(text: str) -> Matchers:
    """`{a="b", c=~"d|e"}`, the same without braces, or one matcher. `{}` and an empty text have none. `Unparsable`."""
    if len(text) > LONGEST:
        raise Unparsable(f"Matchers may be {LONGEST} characters long at most.")
    tokens = _unbraced(_tokens(text))
    found: list[Matcher] = []
    while tokens:
        found.append(_matcher(tokens))
        if tokens and tokens.pop(0) != ("mark", ","):
            raise Unparsable(f"After {found[-1]} a comma is missing.")
    return tuple(found)


Token = tuple[str, str]  # bare, quoted, op or mark; as it is written


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKENS.match(text, at)
        if token is None:
            raise Unparsable(_stuck(text[at:].lstrip()))
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        at = token.end()
    return found


def _stuck(rest: str) -> str:
    if rest.startswith('"'):
        return f"The quote that begins at {rest[:20]} is never closed."
    return f"“{rest[0]}” at “{rest[:20]}” must stand in double quotes."


def _unbraced(tokens: list[Token]) -> list[Token]:
    opened, closed = tokens[:1] == [("mark", "{")], tokens[-1:] == [("mark", "}")]
    if opened is not closed:
        raise Unparsable("A brace is opened and never closed." if opened else "A brace is closed and never opened.")
    return tokens[1:-1] if opened else tokens


def _matcher(tokens: list[Token]) -> Matcher:
    """Takes three tokens away."""
    kind, name = tokens.pop(0)
    if kind not in ("bare", "quoted"):
        raise Unparsable(f"Where “{name}” stands, the name of a field should.")
    if not tokens or tokens[0][0] != "op":
        raise Unparsable(f"After “{name}” one of = != =~ !~ is missing.")
    op = tokens.pop(0)[1]
    if not tokens or tokens[0][0] not in ("bare", "quoted"):
        raise Unparsable(f'After “{name}{op}” a value is missing; "" is an empty one.')
    return Matcher(name=_unquoted(name), op=Op(op), value=_unquoted(tokens.pop(0)[1]))


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text[1:-1]) if text.startswith('"') else text


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code and int(code, 16) <= sys.maxunicode:
        return chr(int(code, 16))
    if found[4] not in _ESCAPED:
        raise Unparsable(f"“{found[0]}” is not known in double quotes. A backslash is written \\\\.")
    return _ESCAPED[found[4]]


def _rendered_name(name: str) -> str:
    return name if re.fullmatch(_BARE, name) else _quoted(name)


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def fields_of(signal: Signal, service: str, integration: str, kind: str) -> dict[str, str]:
    """What matchers see of a signal; the service by its slug, the integration by its name, its kind as in `sources`."""
    return fields(
        details=signal.details,
        severity=signal.severity.value,
        source=signal.source,
        component=signal.component,
        summary=signal.summary,
        dedup_key=signal.dedup_key,
        service=service,
        integration=integration,
        kind=kind,
    )


def fields(*, details: Mapping[str, object], **known: str) -> dict[str, str]:
    """Details first: a label cannot pass itself off as what Tocsin knows. `labels.severity` is a label of that name."""
    found: dict[str, str] = {}
    _flatten(details, found)
    for name in _LABELS:
        inner = details.get(name)
        if isinstance(inner, Mapping):
            _flatten(inner, found)
            found.update((f"{name}.{key}", found[key]) for key in map(str, inner) if key in known and key in found)
        elif isinstance(inner, list | tuple):
            _flatten(dict(tag.partition(":")[::2] for tag in inner if isinstance(tag, str)), found)
    return found | known


def _flatten(values: Mapping[object, object] | Mapping[str, object], found: dict[str, str]) -> None:
    for name, value in values.items():
        if isinstance(value, str):
            found[str(name)] = value
        elif isinstance(value, bool):
            found[str(name)] = "true" if value else "false"
        elif isinstance(value, int | float):
            found[str(name)] = str(value)
