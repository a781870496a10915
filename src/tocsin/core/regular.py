"""Regular expressions that take time in proportion to the text, whatever they look like: RE2, as Prometheus has it.

Python's `re` tries one way after another and can take years over a short text. The syntax is at
github.com/google/re2/wiki/Syntax. `.` takes line ends too, as in Prometheus since version 3.
"""

import re2

LONGEST = 4_000  # characters of an expression
LARGEST = 8 << 20  # bytes that a compiled one may take

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False  # they are told to whoever typed it
_OPTIONS.dot_nl = True
_OPTIONS.max_mem = LARGEST


class Irregular(ValueError):
    """Not an expression, or one that is too large. Its text is a clause for a person: “missing closing ]: [a”."""


class Regular:
    """A compiled expression. `Irregular` when it is none."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise Irregular(f"it is longer than {LONGEST} characters")
        try:
            self._compiled = re2.compile(_bytes(text), _OPTIONS)
        except re2.error as error:
            raise Irregular(_words(error)) from error

    def matches(self, text: str) -> bool:
        """Whether all of the text matches, from its first to its last character."""
        return self._compiled.fullmatch(_bytes(text)) is not None


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")  # half a surrogate pair is no character


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
