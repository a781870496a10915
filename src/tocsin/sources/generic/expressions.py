"""JMESPath, as far as it ends soon. What an expression costs is reckoned from its syntax tree before it is used.

`[@, @][]` gives twice what it is given, and pipes of it twice as much each: so each node has a growth, by which its
result may be larger than its input, and costs as much as its input has grown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from tocsin.sources.contract import Unreadable
from tocsin.sources.generic.budget import Budget

LONGEST = 2000  # characters
_MOST_WORK = 300  # nodes, each as often as its input has grown
_LONGEST_BETWEEN = 100  # characters that `join` puts between
_TEXT = 4  # bits: so many characters of the expression itself count as one value
_SUMS = frozenset({"multi_select_list", "multi_select_dict", "function_expression"})
_SAME_INPUT = _SUMS | {"or_expression", "and_expression", "not_expression", "comparator"}  # for all that is below them
_WORDS = frozenset({"literal", "key_val_pair"})

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expression:
    parsed: ParsedResult
    work: int  # nodes that look at each value
    growth: int  # how many times as large its result may be


def compiled(name: str, text: str) -> Expression:
    """`Unreadable` when it is none, or would cost too much."""
    try:
        return _compiled(text)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"In the mapping, “{name}” does not work: {error}") from error


def search(name: str, text: str, value: object, size: int, budget: Budget) -> object:
    """`size` of the value, in steps."""
    expression = compiled(name, text)
    budget.spend(size * expression.work)
    try:
        return expression.parsed.search(value)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(f"In the mapping, “{name}” does not work: {error}") from error


@lru_cache(maxsize=1000)
def _compiled(text: str) -> Expression:
    if len(text) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    parsed = jmespath.compile(text)
    work, growth = _cost(parsed.parsed, 1)
    return Expression(parsed, work, growth)


def _cost(node: Node, given: int) -> tuple[int, int]:
    """The work of a node and what is below it, and how large its result may be. `given`: the growth of its input."""
    kind, inner = node["type"], [child for child in node["children"] if isinstance(child, Mapping)]
    if kind == "function_expression":
        _check_function(node["value"], inner)
        inner.sort(key=lambda child: child["type"] == "expref")  # done to each value of another argument
    work, before, growths = given, given, list[int]()
    for child in inner:
        some, growth = _cost(child, max([given, *growths]) if child["type"] == "expref" else before)
        work += some
        if work > _MOST_WORK:
            raise ValueError("it makes too much of a message: say less in one expression")
        growths.append(growth)
        before = given if kind in _SAME_INPUT else growth
    return work, _growth(node, given, growths)


def _growth(node: Node, given: int, growths: Sequence[int]) -> int:
    kind = node["type"]
    if kind in _SUMS:
        return max(given, sum(growths))
    own = given * (len(str(node["value"])) >> _TEXT) if kind in _WORDS else 0
    return max(growths, default=given) + own


def _check_function(name: str, arguments: Sequence[Node]) -> None:
    """What is put between many texts must not be as long as they are."""
    if name != "join" or not arguments:
        return
    between = arguments[0]
    if between["type"] != "literal" or len(str(between["value"])) > _LONGEST_BETWEEN:
        raise ValueError(f"“join” takes a text in quotes of at most {_LONGEST_BETWEEN} characters")
