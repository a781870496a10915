"""Regular expressions that take time in proportion to the text, whatever they look like.

Python's `re` tries one way after another and can take years over a short text. This goes all ways at once, as RE2 does:
the expression becomes a network of nodes (Thompson's), and which nodes a text can have reached is remembered character
by character as it is met (a DFA made while it runs). Only one question is answered, whether the whole text matches, so
what is greedy, lazy or captured makes no difference. The syntax is in `regular_syntax`.
"""

from dataclasses import dataclass, field

from tocsin.core.regular_syntax import Irregular, Node, is_word, parse

__all__ = ["Irregular", "Regular"]

_REMEMBERED = 50_000  # steps of one expression; then it forgets them and begins anew


@dataclass(slots=True, eq=False)
class _State:
    """What a text can have reached, and every step from there that has been taken."""

    nodes: frozenset[Node]
    before: str
    after: "dict[str, _State]" = field(default_factory=dict)


class Regular:
    """A compiled expression. `Irregular` when it is none."""

    def __init__(self, text: str) -> None:
        self._first = Node()
        self._last = parse(text).build(self._first)
        self._forget()

    def matches(self, text: str) -> bool:
        """Whether all of the text matches, from its first to its last character."""
        state = self._start
        for char in text:
            state = state.after.get(char) or self._step(state, char)
            if not state.nodes:
                return False
        return self._last in _reached(state.nodes, state.before, "")

    def _forget(self) -> None:
        self._start = _State(frozenset({self._first}), "")
        self._states = {(self._start.nodes, ""): self._start}
        self._steps = 0

    def _step(self, state: _State, char: str) -> _State:
        if self._steps >= _REMEMBERED:
            self._forget()
        standing = _reached(state.nodes, state.before, char)
        nodes = frozenset(to for node in standing if node.takes and node.takes.has(char) for to in node.to)
        before = "w" if is_word(char) else " "  # all that a guard asks about it
        self._steps += 1
        state.after[char] = after = self._states.setdefault((nodes, before), _State(nodes, before))
        return after


def _reached(nodes: frozenset[Node], before: str, after: str) -> set[Node]:
    """All nodes that can be reached from these without taking a character."""
    seen: set[Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node in seen or (node.guard and not node.guard(before, after)):
            continue
        seen.add(node)
        if node.takes is None:
            waiting.extend(node.to)
    return seen
