"""Forms whose rows are added, taken away and moved: rows of fields, each with rows of its own.

The form posts `act`; everything but “save” and “preview” changes the rows and shows the form again, so that it works
without JavaScript. With it, htmx swaps the rows in place and nothing else is needed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
MOST = 50  # rows of one form, so that nobody can make it grow without end


@dataclass(kw_only=True)
class Row:
    """What was typed into one row, field name → text, and into its own rows."""

    values: dict[str, str] = field(default_factory=dict)
    parts: list[dict[str, str]] = field(default_factory=list)


def read(data: Mapping[str, str], name: str, part: str) -> list[Row]:
    """The rows in posted fields called `name-0-field` and `name-0-part-0-field`, in the order of their numbers."""
    pattern = re.compile(rf"{name}-(\d{{1,4}})-(?:{part}-(\d{{1,4}})-)?([a-z_]+)")
    rows: dict[int, dict[int | None, dict[str, str]]] = {}
    for key in data:
        if found := pattern.fullmatch(key):
            row, inner = int(found[1]), None if found[2] is None else int(found[2])
            rows.setdefault(row, {}).setdefault(inner, {})[found[3]] = data[key]
    return [_row(rows[number]) for number in sorted(rows)][:MOST]


def flat(rows: Iterable[Row], name: str, part: str) -> dict[str, str]:
    """The same as posted fields again, numbered from 0 without holes."""
    found: dict[str, str] = {}
    for number, row in enumerate(rows):
        found |= {f"{name}-{number}-{column}": text for column, text in row.values.items()}
        for inner, values in enumerate(row.parts):
            found |= {f"{name}-{number}-{part}-{inner}-{column}": text for column, text in values.items()}
    return found


def act(rows: list[Row], what: str, blank: Row) -> list[Row]:
    """The rows after `what`: “add”, “remove 0”, “up 0”, “down 0”, or “add-part 0”, “remove-part 0 1”, “up-part 0 1” …

    What names a row that is not there changes nothing: the page was older than the form.
    """
    verb, *numbers = what.split()
    places = [int(number) for number in numbers if number.isdecimal()]
    if verb == "add":
        return [*rows, blank][:MOST]
    if not places or places[0] >= len(rows):
        return rows
    if verb.endswith("-part"):
        row = rows[places[0]]
        row.parts = _acted(row.parts, verb.removesuffix("-part"), places[1:], {})
        return rows
    return _acted(rows, verb, places, blank)


def _acted(items: list[T], verb: str, places: list[int], blank: T) -> list[T]:
    if verb == "add":
        return [*items, blank][:MOST]
    if not places or places[0] >= len(items):
        return items
    at = places[0]
    rest = items[:at] + items[at + 1 :]
    if verb == "remove":
        return rest
    to = max(0, at - 1) if verb == "up" else at + 1
    return [*rest[:to], items[at], *rest[to:]]


def _row(found: Mapping[int | None, dict[str, str]]) -> Row:
    inner = sorted(number for number in found if number is not None)
    return Row(values=found.get(None, {}), parts=[found[number] for number in inner][:MOST])
