"""Children that die are started again; told to stop, all end."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

PROGRAM = textwrap.dedent(
    """
    import os, sys
    from tocsin.cli.supervisor import Program, become
    child = [sys.executable, "-c", sys.argv[1]]
    become([Program(name="child", arguments=child)], os.environ)
    """
)


def until(path: Path, lines: int, within: float = 15.0) -> list[str]:
    end = monotonic() + within
    while monotonic() < end:
        found = path.read_text().split() if path.exists() else []
        if len(found) >= lines:
            return found
        sleep(0.02)
    raise AssertionError(f"{path.name} has not {lines} lines after {within} s")


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A supervisor whose child writes its pid and waits for the end, which it writes too."""
    log = tmp_path / "log"
    child = textwrap.dedent(
        f"""
        import os, signal, sys
        def say(text):
            with open({str(log)!r}, "a") as file: print(text, file=file)
        signal.signal(signal.SIGTERM, lambda *_: (say("stopped"), sys.exit(0)))
        say(os.getpid())
        while True: signal.pause()
        """
    )
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, child])
    yield process, log
    process.terminate()  # killed, it would leave its child behind
    process.wait(15)


def test_a_killed_child_is_started_again(supervised: tuple[subprocess.Popen[bytes], Path]) -> None:
    _, log = supervised
    (first,) = until(log, 1)
    os.kill(int(first), signal.SIGKILL)
    second = until(log, 2)[1]
    assert second != first


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_its_children_and_ends_well(
    supervised: tuple[subprocess.Popen[bytes], Path], number: signal.Signals
) -> None:
    process, log = supervised
    until(log, 1)
    process.send_signal(number)
    assert process.wait(15) == 0
    assert until(log, 2)[1] == "stopped"
