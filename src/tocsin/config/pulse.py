"""How a child shows its parent that it does not stand still: a byte now and then, through a pipe."""

import contextlib
import os
from dataclasses import dataclass, field

LONGEST_LOOK = 10.0  # seconds between two looks that count: the parent may have stood still itself
STARTING = 60.0  # seconds that a child gets beside what it may be silent, until its first byte


def sender(fd: int) -> "Sender":
    os.set_blocking(fd, False)
    return Sender(fd)


@dataclass(frozen=True)
class Sender:
    """The child's end."""

    fd: int

    def __call__(self) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # nobody listens any more, or has not listened yet
            os.write(self.fd, b".")


@dataclass(kw_only=True)
class Receiver:
    """The parent's end; `for_child` is what the child inherits, to be closed once it is started."""

    silent: float = -STARTING  # seconds since the last byte
    ends: tuple[int, int] = field(default_factory=os.pipe)

    def __post_init__(self) -> None:
        os.set_blocking(self.ends[0], False)

    @property
    def for_child(self) -> int:
        return self.ends[1]

    def started(self) -> None:
        os.close(self.ends[1])

    def look(self, elapsed: float) -> float:
        """Seconds of silence; `elapsed`: since the last look."""
        try:
            heard = os.read(self.ends[0], 65536)
        except BlockingIOError:
            heard = b""
        self.silent = 0.0 if heard else self.silent + min(elapsed, LONGEST_LOOK)
        return self.silent

    def close(self) -> None:
        os.close(self.ends[0])
