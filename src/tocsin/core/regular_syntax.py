"""Reads a regular expression into a network of nodes.

The syntax is RE2's (github.com/google/re2/wiki/Syntax) without Unicode classes (`\\pL`) and the flags m and U. `.`
takes line ends too, as in Prometheus since version 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LONGEST = 4_000  # characters of an expression
LARGEST = 20_000  # nodes, with what is repeated written out
DEEPEST = 50  # groups inside groups
MOST = 1_000  # in {n,m}

Ranges = tuple[tuple[int, int], ...]
Guard = Callable[[str, str], bool]  # the character before and the one after; empty at the ends

_LAST = 0x10FFFF
_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
_ANY: Ranges = ((0, _LAST),)
_CLASSES: dict[str, Ranges] = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_NAMED: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)), "alpha": ((65, 90), (97, 122)), "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)), "cntrl": ((0, 31), (127, 127)), "digit": _DIGITS, "graph": ((33, 126),),
    "lower": ((97, 122),), "print": ((32, 126),), "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)), "upper": ((65, 90),), "word": _WORD, "xdigit": ((48, 57), (65, 70), (97, 102)),
}  # fmt: skip
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class Irregular(ValueError):
    """Not an expression, or one that is too large. Its text is a clause for a person: “a bracket is never closed”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chars:
    ranges: Ranges
    folded: bool  # upper and lower case are the same
    negated: bool = False

    def has(self, char: str) -> bool:
        forms = {char, char.lower(), char.upper()} if self.folded else {char}
        codes = [ord(form) for form in forms if len(form) == 1]
        return self.negated != any(low <= code <= high for code in codes for low, high in self.ranges)


@dataclass(slots=True, eq=False)
class Node:
    """Takes one character, or is passed if its guard lets pass, or is free."""

    takes: Chars | None = None
    guard: Guard | None = None
    to: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the expression: `build` adds it behind a node, and says at which node it ends."""

    build: Callable[[Node], Node]
    size: int

    def __post_init__(self) -> None:
        if self.size > LARGEST:
            raise Irregular("it repeats too much")


def parse(text: str) -> Piece:
    """`Irregular` when it is not an expression."""
    if len(text) > LONGEST:
        raise Irregular(f"it is longer than {LONGEST} characters")
    return _Parser(text).whole()


def is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _at_edge(before: str, after: str) -> bool:
    return is_word(before) != is_word(after)


_GUARDS: dict[str, Guard] = {
    "^": lambda before, _: not before,
    "A": lambda before, _: not before,
    "$": lambda _, after: not after,
    "z": lambda _, after: not after,
    "b": _at_edge,
    "B": lambda before, after: not _at_edge(before, after),
}


def _one(node: Callable[[], Node]) -> Piece:
    def build(at: Node) -> Node:
        made, end = node(), Node()
        made.to.append(end)
        at.to.append(made)
        return end

    return Piece(build, 2)


def _in_order(pieces: Sequence[Piece]) -> Piece:
    def build(at: Node) -> Node:
        for piece in pieces:
            at = piece.build(at)
        return at

    return Piece(build, sum(p.size for p in pieces))


def _either(pieces: Sequence[Piece]) -> Piece:
    def build(at: Node) -> Node:
        end = Node()
        for piece in pieces:
            begin = Node()
            at.to.append(begin)
            piece.build(begin).to.append(end)
        return end

    return Piece(build, sum(p.size for p in pieces) + len(pieces) + 1)


def _repeated(piece: Piece, least: int, most: int | None) -> Piece:
    def build(at: Node) -> Node:
        for _ in range(least):
            at = piece.build(at)
        return _on_and_on(piece, at) if most is None else _up_to(piece, most - least, at)

    return Piece(build, (piece.size + 1) * max(least + 1, most or 0) + 2)


def _on_and_on(piece: Piece, at: Node) -> Node:
    loop, begin, end = Node(), Node(), Node()
    at.to.append(loop)
    loop.to += [begin, end]
    piece.build(begin).to.append(loop)
    return end


def _up_to(piece: Piece, count: int, at: Node) -> Node:
    end = Node()
    for _ in range(count):
        begin = Node()
        at.to += [begin, end]
        at = piece.build(begin)
    at.to.append(end)
    return end


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth, self._folded = text, 0, 0, False

    def whole(self) -> Piece:
        piece = self._alternatives()
        if self._at < len(self._text):
            raise Irregular("a group is closed that was never opened")
        return piece

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        if not char:
            raise Irregular("it ends in the middle")
        self._at += 1
        return char

    def _skip(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _until(self, end: str) -> str:
        """What comes before `end`, which is passed too."""
        inner, _, _ = self._text[self._at :].partition(end)
        self._at = min(len(self._text), self._at + len(inner) + len(end))
        return inner

    def _alternatives(self) -> Piece:
        branches = [self._branch()]
        while self._skip("|"):
            branches.append(self._branch())
        return branches[0] if len(branches) == 1 else _either(branches)

    def _branch(self) -> Piece:
        pieces = []
        while self._peek() not in ("", "|", ")"):
            pieces.append(self._quantified(self._atom()))
        return _in_order(pieces)

    def _quantified(self, piece: Piece) -> Piece:
        counts = self._counts()
        if counts is None:
            return piece
        self._skip("?")
        if self._counts() is not None:
            raise Irregular("a repetition is repeated")
        return _repeated(piece, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        if counts := _COUNTS.get(self._peek()):
            self._at += 1
            return counts
        return self._braced() if self._peek() == "{" else None

    def _braced(self) -> tuple[int, int | None] | None:
        """{n}, {n,} or {n,m}. Anything else in braces stands for itself."""
        inner, closed, _ = self._text[self._at + 1 :].partition("}")
        least, comma, most = inner.partition(",")
        if not closed or not all(part.isascii() and part.isdigit() for part in (least, most or "0")):
            return None
        low, high = int(least[:9]), int(most[:9]) if most else None if comma else int(least[:9])
        if max(low, high or 0) > MOST or (high is not None and high < low):
            raise Irregular(f"“{{{inner[:20]}}}” is no number of repetitions")
        self._at += len(inner) + 2
        return low, high

    def _atom(self) -> Piece:
        char = self._next()
        match char:
            case "(":
                return self._group()
            case "[":
                return self._bracket()
            case ".":
                return self._taking(_ANY)
            case "^" | "$":
                return _one(lambda: Node(guard=_GUARDS[char]))
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                raise Irregular(f"“{char}” has nothing to repeat")
        return self._taking(_only(char))

    def _taking(self, ranges: Ranges, *, negated: bool = False) -> Piece:
        chars = Chars(ranges=ranges, folded=self._folded, negated=negated)
        return _one(lambda: Node(takes=chars))

    def _group(self) -> Piece:
        folded = self._folded
        if self._skip("?") and self._is_flags_alone():
            return _in_order([])
        self._depth += 1
        if self._depth > DEEPEST:
            raise Irregular(f"groups are nested more than {DEEPEST} deep")
        piece = self._alternatives()
        if not self._skip(")"):
            raise Irregular("a group is never closed")
        self._depth -= 1
        self._folded = folded
        return piece

    def _is_flags_alone(self) -> bool:
        """`(?i)` holds for the rest of the group around it, `(?i:…)` for a group of its own."""
        if self._skip("P<") or self._skip("<"):
            if not self._until(">").isidentifier():
                raise Irregular("a group's name is not one; nor can it look ahead or behind")
            return False
        switched_on = True
        while (char := self._next()) not in (":", ")"):
            if char not in "is-":
                raise Irregular(f"“(?{char}” is not known; the flags i and s are")
            switched_on = switched_on and char != "-"
            self._folded = switched_on if char == "i" else self._folded
        return char == ")"

    def _escaped(self) -> Piece:
        char = self._peek()
        if char in _GUARDS and char.isalpha():
            self._at += 1
            return _one(lambda: Node(guard=_GUARDS[char]))
        if self._skip("Q"):
            return _in_order([self._taking(_only(quoted)) for quoted in self._until("\\E")])
        return self._taking(self._escape())

    def _escape(self) -> Ranges:
        """What follows a backslash, in a bracket or outside."""
        char = self._next()
        if ranges := _CLASSES.get(char.lower()):
            return ranges if char.islower() else _others(ranges)
        if char == "x":
            return self._hexadecimal()
        if char in _CONTROLS:
            return ((_CONTROLS[char], _CONTROLS[char]),)
        if char.isascii() and char.isalnum():
            raise Irregular(f"“\\{char}” is not known")
        return _only(char)

    def _hexadecimal(self) -> Ranges:
        digits = self._until("}") if self._skip("{") else self._next() + self._next()
        try:
            code = int(digits, 16)
        except ValueError:
            code = -1
        if not 0 <= code <= _LAST:
            raise Irregular(f"“\\x{digits[:20]}” is no character")
        return ((code, code),)

    def _bracket(self) -> Piece:
        negated = self._skip("^")
        ranges = list(self._member())  # a bracket that closes at once stands for itself
        while self._peek() != "]":
            ranges += self._member()
        self._at += 1
        return self._taking(tuple(ranges), negated=negated)

    def _member(self) -> Ranges:
        if self._skip("[:"):
            return _named(self._until(":]"))
        low = self._single()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in ("]", ""):
            return low
        self._at += 1
        high = self._single()
        if len(low) + len(high) > 2 or high[0][0] < low[0][0]:  # noqa: PLR2004 - one each: no class among them
            raise Irregular("a range in brackets runs backwards")
        return ((low[0][0], high[0][1]),)

    def _single(self) -> Ranges:
        char = self._peek()
        if not char:
            raise Irregular("a bracket is never closed")
        self._at += 1
        return self._escape() if char == "\\" else _only(char)


def _only(char: str) -> Ranges:
    return ((ord(char), ord(char)),)


def _named(name: str) -> Ranges:
    ranges = _NAMED.get(name.removeprefix("^"))
    if ranges is None:
        raise Irregular(f"“[:{name[:20]}:]” is no class of characters")
    return _others(ranges) if name.startswith("^") else ranges


def _others(ranges: Ranges) -> Ranges:
    """All characters that are in none of the ranges, which are in order."""
    edges = [-1, *(edge for low, high in ranges for edge in (low, high)), _LAST + 1]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((end + 1, begin - 1) for end, begin in pairs if end + 1 < begin)
