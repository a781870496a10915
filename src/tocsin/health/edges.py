"""The edge of a loop: whatever goes wrong inside is logged, and the loop goes on with the next thing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

MOODS = (OperationalError, InterfaceError)  # the database is away, locked or full: nobody's mistake, and it passes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Contained(Generic[T]):
    """What the work answered, or what went wrong in it."""

    value: T | None = None
    error: Exception | None = None

    @property
    def is_mood(self) -> bool:
        return isinstance(self.error, MOODS)


def contained(work: Callable[[], T], what: str, **where: object) -> Contained[T]:
    """Do the work; `what` says in the log what failed."""
    try:
        return Contained(value=work())
    except MOODS as error:
        log.warning("the database does not answer; it is tried again", what=what, error=str(error), **where)
        connection.close_if_unusable_or_obsolete()
        return Contained(error=error)
    except Exception as error:
        log.exception(what, **where)
        return Contained(error=error)
