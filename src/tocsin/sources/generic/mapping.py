"""A person's mapping, applied. Expressions are programs of a stranger: they see the message and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tocsin.core.signals import Action, Severity
from tocsin.sources.contract import Unreadable
from tocsin.sources.generic import expressions, templates
from tocsin.sources.generic.budget import Budget, size

FIELDS = ("summary", "dedup_key", "severity", "action", "source", "component", "details", "link", "links", "images")
TABLES: Mapping[str, frozenset[str]] = {
    "severities": frozenset(s.value for s in Severity),
    "actions": frozenset(a.value for a in Action),
}
MOST_ITEMS = 1000
_MOST_GROWTH = 4  # of `each`: all other expressions are for each of what it finds


@dataclass(kw_only=True)
class Item:
    value: object  # what one alert is made of
    event: object  # the whole message
    budget: Budget = field(default_factory=Budget)  # of the message

    @cached_property
    def size(self) -> int:
        return size(self.value)


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


def check_all(mapping: Mapping[str, object]) -> None:
    """`check`, and that each expression and template can be used. Before it is saved."""
    check(mapping)
    for name, value in mapping.items():
        if isinstance(value, str):
            _check_text(name, value)


def _check_text(name: str, text: str) -> None:
    if name != "each" and _is_template(text):
        templates.compiled(name, text)
    elif expressions.compiled(name, text).growth > _MOST_GROWTH and name == "each":
        raise Unreadable("In the mapping, “each” makes too much of a message: let it find the alerts, and no more.")


def _check_table(name: str, table: object) -> None:
    allowed = TABLES[name]
    if not isinstance(table, Mapping) or not set(map(str, table.values())) <= allowed:
        raise Unreadable(f"In the mapping, “{name}” must translate words to {', '.join(sorted(allowed))}.")


def items(event: object, mapping: Mapping[str, object]) -> list[Item]:
    """What the alerts are made of: by `each`, or the elements of a list, or the message itself."""
    budget = Budget()
    found = _each(str(mapping["each"]), event, budget) if "each" in mapping else event
    listed = list(found) if isinstance(found, Sequence) and not isinstance(found, str) else [found]
    if len(listed) > MOST_ITEMS:
        raise Unreadable(f"The message has {len(listed)} alerts; {MOST_ITEMS} can be read at once.")
    return [Item(value=value, event=event, budget=budget) for value in listed if value is not None]


def _each(expression: str, event: object, budget: Budget) -> object:
    """An empty list is no alert. Nothing at all is a message that the mapping was not made for."""
    _check_text("each", expression)
    found = expressions.search("each", expression, event, size(event), budget)
    if found is None:
        raise Unreadable(
            f"In the mapping, “each” finds nothing: there is no “{expression}” in the message. Where that means that "
            f"there are no alerts in it, write {expression} || `[]`."
        )
    return found


def find(name: str, how: object, item: Item) -> object:
    text = str(how)
    if not _is_template(text):
        return expressions.search(name, text, item.value, item.size, item.budget)
    fields = item.value if isinstance(item.value, Mapping) else {}
    return templates.render(name, text, {**fields, "item": item.value, "event": item.event}, item.budget)


def _is_template(text: str) -> bool:
    return "{{" in text or "{%" in text
