"""As much of PromQL as is needed to take a query from a person: its placeholder, its brackets, its one selector."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 2000
_PLACEHOLDER = re.compile(r"\$window\b|\$\{window\}|\{\{\s*window\s*\}\}")
_RANGE = re.compile(r"\[\s*(?:\$window\b|\$\{window\}|\{\{\s*window\s*\}\})\s*\]")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
_METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_MATCHERS = r'(?:[^{}"\'`]|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`)*'
_SELECTOR = re.compile(rf"({_METRIC})\s*(?:\{{({_MATCHERS})\}})?\s*\[\s*\$window\s*\]")
_MATCHER = re.compile(
    r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`)\s*'
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_OTHER = ("other", "200", "500", "1")  # values of a label that no matcher names
_MOST_TRIES = 4096


@dataclass(frozen=True, kw_only=True)
class Matcher:
    label: str
    op: str  # = != =~ !~
    value: str

    def takes(self, value: str) -> bool:
        """Prometheus anchors its expressions; what Python reads in another way takes nothing."""
        if self.op in {"=", "!="}:
            return (self.value == value) == (self.op == "=")
        try:
            return (re.fullmatch(self.value, value) is not None) == (self.op == "=~")
        except re.error:
            return False


@dataclass(frozen=True, kw_only=True)
class Selector:
    metric: str
    matchers: tuple[Matcher, ...] = ()

    def takes(self, labels: dict[str, str]) -> bool:
        return all(matcher.takes(labels.get(matcher.label, "")) for matcher in self.matchers)


def tidy(query: str) -> str:
    """On one line, with `$window` as its placeholder."""
    return _PLACEHOLDER.sub("$window", re.sub(r"\s*[\r\n]+\s*", " ", query.strip()))


def over(query: str, window: str) -> str:
    """The query for a window, such as 5m."""
    return _PLACEHOLDER.sub(window, query)


def summed(query: str) -> str:
    """The query as one series: its sum, unless it is one already."""
    return query if _is_sum(query) else f"sum({query})"


def wrong(query: str) -> str:
    """What is wrong with a query, as a sentence; empty when nothing is seen. Prometheus alone knows for sure."""
    bare = _QUOTED.sub('""', query)
    if not query.strip():
        return "Write the query."
    if len(query) > LONGEST:
        return f"The query is longer than {LONGEST} characters. Record the inner part in Prometheus and use its name."
    if not all(c.isprintable() or c in "\r\n\t" for c in query):
        return "The query has characters in it that cannot be seen. Type it anew."
    if "#" in bare:
        return "Leave comments out of the query."
    if not _RANGE.search(bare):
        return "Write [$window] where the range stands, as in rate(http_requests_total[$window])."
    return _unbalanced(bare) or _foreign(bare)


def wrong_matchers(text: str) -> str:
    """What is wrong with label matchers that stand between braces; empty when nothing is."""
    if not all(c.isprintable() for c in text):
        return "The labels have characters in them that cannot be seen. Type them anew."
    return "" if matchers(text) is not None else 'Write labels as in job="shop", method="GET".'


def selector(query: str) -> Selector | None:
    """The only thing that the query reads; None when it reads several, or cannot be understood."""
    found = _SELECTOR.findall(tidy(query))
    if len(found) != 1 or len(_RANGE.findall(query)) != 1:
        return None
    metric, inner = found[0]
    read = matchers(inner)
    return None if read is None else Selector(metric=metric, matchers=read)


def matchers(text: str) -> tuple[Matcher, ...] | None:
    """`a="b", c=~"d"` read; None when it is something else."""
    found: list[Matcher] = []
    rest = text.strip().removesuffix(",")
    while rest:
        read = _MATCHER.match(rest)
        if read is None or (read.end() < len(rest) and rest[read.end()] != ","):
            return None
        found.append(Matcher(label=read[1], op=read[2], value=_unquoted(read[3])))
        rest = rest[read.end() + 1 :]
    return tuple(found)


def example(of: Selector, but_not: Selector | None = None) -> dict[str, str] | None:
    """Labels of a series that `of` reads and `but_not` does not; None when none is found."""
    also = but_not.matchers if but_not else ()
    for labels in _candidates((*of.matchers, *also)):
        if of.takes(labels) and not (but_not and but_not.takes(labels)):
            return labels
    return None


def shared(one: Selector, other: Selector) -> dict[str, str] | None:
    """Labels of a series that both read."""
    both = Selector(metric=one.metric, matchers=(*one.matchers, *other.matchers))
    return example(both)


def _candidates(of: Iterable[Matcher]) -> Iterator[dict[str, str]]:
    """Every way to give each named label one of the values that its matchers make likely, up to a bound."""
    values: dict[str, list[str]] = {}
    for matcher in of:
        values.setdefault(matcher.label, [*_OTHER]).extend(_likely(matcher))
    found: list[dict[str, str]] = [{}]
    for label, choices in values.items():
        found = [{**labels, label: value} for labels in found for value in dict.fromkeys(reversed(choices))]
        found = found[:_MOST_TRIES]
    yield from found


def _likely(matcher: Matcher) -> Iterator[str]:
    if matcher.op in {"=", "!="}:
        yield matcher.value
        return
    for branch in re.sub(r"[()^$]|\?:", "", matcher.value).split("|"):
        yield re.sub(r"\.[*+]?|\[[^\]]*\][*+]?|\\d[*+]?", "0", re.sub(r"\\([.\-/])", r"\1", branch))


def _is_sum(query: str) -> bool:
    """Whether the first bracket, after `sum`, closes at the very end."""
    bare = _QUOTED.sub('""', query)
    if not re.match(r"sum\s*\(", bare) or not bare.endswith(")"):
        return False
    depth = 0
    for index, char in enumerate(bare):
        depth += (char == "(") - (char == ")")
        if char == ")" and not depth:
            return index == len(bare) - 1
    return False


def _unquoted(text: str) -> str:
    return text[1:-1] if text[0] == "`" else re.sub(r"\\(.)", r"\1", text[1:-1])


def _unbalanced(bare: str) -> str:
    opened: list[str] = []
    for char in _PLACEHOLDER.sub("w", bare):
        if char in _PAIRS.values():
            opened.append(char)
        elif char in _PAIRS and (not opened or opened.pop() != _PAIRS[char]):
            return f"A “{char}” closes what was never opened."
    if opened:
        return f"A “{opened[-1]}” is never closed."
    return "A quotation mark is never closed." if any(c in bare.replace('""', "") for c in "\"'`") else ""


def _foreign(bare: str) -> str:
    left = _PLACEHOLDER.sub("", bare)
    return "Only $window is put in; Prometheus knows no other variables." if "$" in left or "{{" in left else ""
