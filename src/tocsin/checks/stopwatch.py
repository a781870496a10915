"""How long a look at a target takes, in its phases, and when it has taken too long."""

import contextlib
from collections.abc import Iterator

from tocsin import clock
from tocsin.core.probes import Finding


class Unwell(Exception):
    """The target is not as it should be; the text is a sentence that follows its name: “it answered 503”."""


class Blocked(Exception):
    """Tocsin does not go there, so nothing is known of the target; the text is a sentence like that of `Unwell`."""


class Stopwatch:
    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._began = clock.monotonic()
        self.phases: dict[str, float] = {}
        self.facts: dict[str, object] = {}

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What takes part in it twice, as with a redirect, is added up."""
        began = clock.monotonic()
        try:
            yield
        finally:
            self.phases[name] = self.phases.get(name, 0.0) + clock.monotonic() - began

    def left(self) -> float:
        """Seconds, more than none. `Unwell` when there are none left."""
        left = self._timeout - self.passed
        if left <= 0:
            raise Unwell(self.too_slow)
        return left

    @property
    def passed(self) -> float:
        return clock.monotonic() - self._began

    @property
    def too_slow(self) -> str:
        return f"it did not answer within {self._timeout:g} s"

    def finding(self, error: str = "", *, is_blocked: bool = False) -> Finding:
        """`seconds` stands also with an error when there was an answer."""
        phases = {name: round(seconds, 4) for name, seconds in self.phases.items()}
        return Finding(
            error=error, seconds=round(self.passed, 4), phases=phases, facts=self.facts, is_blocked=is_blocked
        )
