"""A person's mapping, applied. Expressions are programs of a stranger: they see the message and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jinja2
import jmespath
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from tocsin.core.signals import Action, Severity
from tocsin.sources.contract import Unreadable

FIELDS = ("summary", "dedup_key", "severity", "action", "source", "component", "details", "link", "links", "images")
TABLES: Mapping[str, frozenset[str]] = {
    "severities": frozenset(s.value for s in Severity),
    "actions": frozenset(a.value for a in Action),
}
MOST_ITEMS = 1000
_LONGEST = 20_000  # characters of one template's output
_LARGEST_RANGE = 1000
# what a stranger's template may end in; RuntimeError is also Python's recursion limit
_MISTAKES = (
    *(jinja2.TemplateError, ArithmeticError, AssertionError, AttributeError, LookupError),
    *(MemoryError, RuntimeError, TypeError, ValueError),
)


@dataclass(frozen=True, kw_only=True)
class Item:
    value: object  # what one alert is made of
    event: object  # the whole message


def check(mapping: Mapping[str, object]) -> None:
    """`Unreadable` names the first thing that is wrong with the mapping itself."""
    known = {*FIELDS, *TABLES, "each"}
    if unknown := [name for name in mapping if name not in known]:
        raise Unreadable(f"The mapping has “{unknown[0]}”, which is no field. There are {', '.join(sorted(known))}.")
    for name, value in mapping.items():
        if name in TABLES:
            _check_table(name, value)
        elif not isinstance(value, str):
            raise Unreadable(f"In the mapping, “{name}” must be a text: an expression or a template.")


def _check_table(name: str, table: object) -> None:
    allowed = TABLES[name]
    if not isinstance(table, Mapping) or not set(map(str, table.values())) <= allowed:
        raise Unreadable(f"In the mapping, “{name}” must translate words to {', '.join(sorted(allowed))}.")


def items(event: object, mapping: Mapping[str, object]) -> list[Item]:
    """What the alerts are made of: by `each`, or the elements of a list, or the message itself."""
    found = _search("each", str(mapping["each"]), event) if "each" in mapping else event
    listed = list(found) if isinstance(found, Sequence) and not isinstance(found, str) else [found]
    if len(listed) > MOST_ITEMS:
        raise Unreadable(f"The message has {len(listed)} alerts; {MOST_ITEMS} can be read at once.")
    return [Item(value=value, event=event) for value in listed if value is not None]


def find(name: str, how: object, item: Item) -> object:
    text = str(how)
    return _render(name, text, item) if "{{" in text or "{%" in text else _search(name, text, item.value)


def _search(name: str, expression: str, value: object) -> object:
    try:
        return _compiled(expression).search(value)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"In the mapping, “{name}” does not work: {error}") from error


def _render(name: str, text: str, item: Item) -> str:
    fields = item.value if isinstance(item.value, Mapping) else {}
    try:
        pieces = _template(text).generate({**fields, "item": item.value, "event": item.event})
        return _joined(pieces)
    except _MISTAKES as error:
        raise Unreadable(f"In the mapping, the template of “{name}” does not work: {error}") from error


def _joined(pieces: object) -> str:
    """Stops a template that would write without end."""
    text = ""
    for piece in pieces:  # type: ignore[attr-defined]
        text += piece
        if len(text) > _LONGEST:
            break
    return text[:_LONGEST].strip()


@lru_cache(maxsize=1000)
def _compiled(expression: str) -> ParsedResult:
    return jmespath.compile(expression)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: object, right: object) -> object:
        """Multiplied texts and huge powers are how a template eats all memory."""
        numbers = all(isinstance(side, int | float) and abs(side) < 1e9 for side in (left, right))  # noqa: PLR2004
        if not numbers or operator == "**":
            raise jinja2.TemplateError(f"“{operator}” is only for numbers of ordinary size")
        return super().call_binop(context, operator, left, right)


# plain text, never HTML: pages escape it
_environment = _Sandbox(autoescape=False, undefined=jinja2.ChainableUndefined)
_environment.globals = {"range": lambda *ends: range(*ends)[:_LARGEST_RANGE]}
# filters that make much of little
for _greedy in ("center", "indent", "pprint", "format", "tojson", "xmlattr", "urlize", "wordwrap", "batch", "slice"):
    _environment.filters.pop(_greedy, None)


@lru_cache(maxsize=1000)
def _template(text: str) -> jinja2.Template:
    return _environment.from_string(text)
