"""What reading one message by a mapping may cost: the mapping is a program of a stranger, and it must end."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.sources.contract import Unreadable

MOST = 5_000_000  # steps; about three seconds of a slow machine
_TEXT = 4  # bits: so many characters are one step


@dataclass(slots=True)
class Budget:
    left: int = MOST

    def spend(self, steps: int) -> None:
        """`Unreadable` when it is used up."""
        self.left -= steps
        if self.left < 0:
            raise Unreadable("The mapping makes too much work of this message. Make it simpler, or send less at once.")


def size(value: object) -> int:
    """In steps: its values, and its text."""
    stack, found = [value], 0
    while stack:
        each = stack.pop()
        found += 1
        if isinstance(each, str):
            found += len(each) >> _TEXT
        elif isinstance(each, Mapping):
            stack.extend(each.values())
        elif isinstance(each, list | tuple):
            stack.extend(each)
    return found
