"""What client tests need around a server: commands in its environment, other programs, and patience."""

import atexit
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


_asked: dict[str, "subprocess.Popen[str]"] = {}  # by the database: the one that answers for it


def run(environ: Mapping[str, str], module: str, *arguments: str) -> Any:
    """What the function of this module gives, in the environment of a server."""
    asked = _answering(environ)
    assert asked.stdin
    assert asked.stdout
    asked.stdin.write(json.dumps([module, *arguments]) + "\n")
    asked.stdin.flush()
    line = asked.stdout.readline()
    assert line, f"{module} ended with {asked.wait()}"
    said = json.loads(line)
    assert "error" not in said, said["error"]
    return said["said"]


def _answering(environ: Mapping[str, str]) -> "subprocess.Popen[str]":
    url = environ["TOCSIN_DATABASE_URL"]
    if url not in _asked:
        for other in list(_asked):
            _end(_asked.pop(other))
        command = [sys.executable, "-m", "tests.clients.answering"]
        pipe = subprocess.PIPE
        _asked[url] = subprocess.Popen(command, env=dict(environ), stdin=pipe, stdout=pipe, text=True)
    return _asked[url]


def _end(asked: "subprocess.Popen[str]") -> None:
    asked.communicate()  # the end of its input is the end of it


@atexit.register
def _end_all() -> None:
    for asked in _asked.values():
        _end(asked)


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
