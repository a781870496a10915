"""What client tests need around a server: commands in its environment, other programs, and patience."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

T = TypeVar("T")
WITHIN = 40.0  # seconds, on a busy machine


def run(environ: Mapping[str, str], module: str, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=dict(environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextlib.contextmanager
def program(command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """A program that runs until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environ and dict(environ))
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def until(look: Callable[[], T], what: str) -> T:
    """What `look` gives as soon as it is true: other programs take their own time."""
    end = monotonic() + WITHIN
    while monotonic() < end:
        if found := look():
            return found
        sleep(0.1)
    raise AssertionError(f"after {WITHIN:.0f} s there was still no {what}")
