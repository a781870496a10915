"""The edge of a loop: whatever goes wrong inside is logged, and the loop goes on with the next thing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

MOODS = (OperationalError, InterfaceError)  # the database is away, locked or full: nobody's mistake, and it passes

_READ_ONLY = "25006"  # SQLSTATE; Django calls it an internal error

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Contained(Generic[T]):
    """What the work answered, or what went wrong in it."""

    value: T | None = None
    error: Exception | None = None

    @property
    def is_mood(self) -> bool:
        return is_mood(self.error)


def is_mood(error: BaseException | None) -> bool:
    """Also when this is not, or no longer, the server that can be written to."""
    return isinstance(error, MOODS) or _is_read_only(error)


def part_from_database(error: BaseException | None) -> None:
    """Where the connection is of no use it is closed, so that the next query makes a new one.

    One to a server that only reads works, and so would be kept for ever: another one may be the primary by now.
    """
    if _is_read_only(error):
        connection.close()
    else:
        connection.close_if_unusable_or_obsolete()


def _is_read_only(error: BaseException | None) -> bool:
    return getattr(getattr(error, "__cause__", None), "sqlstate", None) == _READ_ONLY


def contained(work: Callable[[], T], what: str, **where: object) -> Contained[T]:
    """Do the work; `what` says in the log what failed."""
    try:
        return Contained(value=work())
    except Exception as error:
        if not is_mood(error):
            log.exception(what, **where)
            return Contained(error=error)
        log.warning("the database does not answer; it is tried again", what=what, error=str(error), **where)
        part_from_database(error)
        return Contained(error=error)
