"""Jinja, as far as it ends soon: what texts are made of is allowed by name, and what costs is counted.

There is nothing that keeps a value from one turn of a loop to the next, no loop in another, and no function of one's
own. All that looks at a whole value (filters, methods, comparisons, joining with `~`) goes through one that spends.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from tocsin.sources.contract import Unreadable
from tocsin.sources.generic.budget import Budget, size

LONGEST = 4000  # characters of a template
LONGEST_OUTPUT = 20_000
MOST_NODES = 400
MOST_TURNS = 100  # of a loop: what is told of more is no summary
_LARGEST = 1e9  # of the numbers that are reckoned with
# what a stranger's template may end in; RuntimeError is also Python's recursion limit
_MISTAKES = (
    *(jinja2.TemplateError, ArithmeticError, AssertionError, AttributeError, LookupError),
    *(MemoryError, RuntimeError, TypeError, ValueError),
)
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Slice, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr, nodes.Concat,
    nodes.CondExpr, nodes.If, nodes.For, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Call,
)  # fmt: skip
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length",
    "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort",
    "string", "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip
_TESTS = (
    "boolean", "defined", "divisibleby", "eq", "equalto", "==", "even", "false", "float", "ge", "gt", "in", "integer",
    "iterable", "le", "lt", "mapping", "ne", "none", "number", "odd", "sequence", "string", "true", "undefined",
)  # fmt: skip
_METHODS = frozenset({
    "capitalize", "count", "endswith", "find", "get", "isdigit", "items", "keys", "lower", "lstrip", "removeprefix",
    "removesuffix", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper", "values",
})  # fmt: skip
_PLACES = 15  # behind the point, of a number that is rounded
_TURN = 50  # steps of each turn of a loop
_budget: ContextVar[Budget] = ContextVar("budget")


class NotAllowed(ValueError):
    """Something in a template that is not for mappings."""


def compiled(name: str, text: str) -> jinja2.Template:
    """`Unreadable` when it is none, or has something in it that is not allowed."""
    try:
        return _compiled(text)
    except _MISTAKES as error:
        raise Unreadable(f"In the mapping, the template of “{name}” does not work: {error}") from error


def render(name: str, text: str, fields: Mapping[str, object], budget: Budget) -> str:
    """`Unreadable` when it does not work, or costs too much."""
    template = compiled(name, text)
    budget.spend(len(text) >> 3)
    token = _budget.set(budget)
    try:
        return _joined(template.generate(fields))
    except _MISTAKES as error:
        raise Unreadable(f"In the mapping, the template of “{name}” does not work: {error}") from error
    finally:
        _budget.reset(token)


def _joined(pieces: Iterable[str]) -> str:
    """Stops a template that would write without end."""
    text = ""
    for piece in pieces:
        text += piece
        if len(text) > LONGEST_OUTPUT:
            break
    return text[:LONGEST_OUTPUT].strip()


@lru_cache(maxsize=1000)
def _compiled(text: str) -> jinja2.Template:
    if len(text) > LONGEST:
        raise NotAllowed(f"it has more than {LONGEST} characters")
    return _environment.from_string(_bounded(_environment.parse(text)))


def _bounded(tree: nodes.Template) -> nodes.Template:
    """With what spends around all that costs."""
    found = list(tree.find_all(nodes.Node))
    if len(found) > MOST_NODES:
        raise NotAllowed("it is too long: say less in one template")
    for node in found:
        _check(node)
    return _Measured().visit(tree)  # type: ignore[no-any-return]


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _ALLOWED):
        said = type(node).__name__.lower()
        raise NotAllowed(f"“{_WORDS.get(said, said)}” is not for mappings: only values, filters, if and for are")
    if isinstance(node, nodes.For) and (node.recursive or any(node.find_all(nodes.For))):
        raise NotAllowed("a loop in a loop is not for mappings")
    if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS):
        raise NotAllowed(f"only these can be called: {', '.join(sorted(_METHODS))}")
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        raise NotAllowed("stars are not for mappings")


_WORDS = {"assign": "set", "assignblock": "set", "callblock": "call", "filterblock": "filter", "nsref": "namespace"}


class _Measured(NodeTransformer):
    """Puts a filter that spends around what is looked at as a whole."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - the visitor's name
        self.generic_visit(node)
        node.iter = _through("_turns", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _through("_concatenated", nodes.List(node.nodes, lineno=node.lineno))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802
        self.generic_visit(node)
        node.expr = _through("_measured", node.expr)
        return node

    def visit_Operand(self, node: nodes.Operand) -> nodes.Operand:  # noqa: N802
        self.generic_visit(node)
        node.expr = _through("_measured", node.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _through("_measured", node.node)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Test:  # noqa: N802
        self.generic_visit(node)
        if node.name not in ("defined", "undefined"):
            node.node = _through("_measured", node.node)
            node.args = [_through("_measured", each) for each in node.args]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Call:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.node, nodes.Getattr):
            node.node.node = _through("_measured", node.node.node)
        return node


def _through(name: str, node: nodes.Node) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: object, right: object) -> object:
        """Multiplied texts, `%` with a width and huge powers are how a template eats all memory."""
        numbers = all(isinstance(side, int | float) and abs(side) < _LARGEST for side in (left, right))
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _concatenated([left, right])
        if not numbers or operator == "**":
            raise jinja2.TemplateError(f"“{operator}” is only for numbers of ordinary size")
        return super().call_binop(context, operator, left, right)


def _spend(steps: int) -> None:
    _budget.get().spend(steps)


def _measured(value: object) -> object:
    _spend(size(value))
    return value


def _turns(value: object) -> list[object]:
    turns = list[object](islice(value, MOST_TURNS))  # type: ignore[call-overload]
    _spend(size(value) + len(turns) * _TURN)
    return turns


def _concatenated(values: Iterable[object]) -> str:
    return _join(values, "")


def _join(value: Iterable[object], d: str = "", attribute: str | int | None = None) -> str:
    """Jinja's `join`, counted before anything is put together."""
    named = value if attribute is None else [_environment.getitem(each, attribute) for each in value]
    texts = [str(_measured(each)) for each in named]
    _spend(sum(map(len, texts)) // 16 + len(texts) * (len(d) // 16 + 1))
    return d.join(texts)


def _replace(s: object, old: str, new: str, count: int | None = None) -> str:
    """Jinja's `replace`, counted before anything is put in."""
    text = str(_measured(s))
    times = text.count(old) if old else len(text) + 1
    _spend((len(text) + times * len(str(new))) // 16)
    return text.replace(old, str(new), -1 if count is None else count)


def _round(value: float, precision: int = 0) -> float:
    return round(value, max(-_PLACES, min(precision, _PLACES)))


def _counted(how: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that spends what it is given. What Jinja's mark on the function says (context, environment) stays."""
    mark = getattr(how, "jinja_pass_arg", None)
    place = 0 if mark is None else 1

    def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Jinja's own filters, whatever they take
        for value in (*args[place:], *kwargs.values()):
            _measured(value)
        return how(*args, **kwargs)

    if mark is not None:
        counted.jinja_pass_arg = mark  # type: ignore[attr-defined]
    return counted


# plain text, never HTML: pages escape it
_environment = _Sandbox(autoescape=False, undefined=jinja2.ChainableUndefined)
_environment.globals = {}
_environment.filters = {
    **{name: _counted(_environment.filters[name]) for name in _FILTERS},
    "join": _join,
    "replace": _replace,
    "round": _round,
    "_measured": _measured,
    "_turns": _turns,
    "_concatenated": _concatenated,
}
_environment.tests = {name: _environment.tests[name] for name in _TESTS}
