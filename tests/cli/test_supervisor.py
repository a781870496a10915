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


HANGING = PROGRAM.replace("arguments=child", "arguments=child, hung_after=2.0")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Path]:
    """A supervisor whose child shows that it moves, and writes its pid and what it was told beside the pipe."""
    log = tmp_path / "log"
    child = textwrap.dedent(
        f"""
        import os, sys, time
        from tocsin.config import pulse
        moved = pulse.sender(int(sys.argv[sys.argv.index("--pulse-fd") + 1]))
        with open({str(log)!r}, "a") as file: print(os.getpid(), *[a for a in sys.argv if a == "--was-hung"], file=file)
        while True: moved(); time.sleep(0.05)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", HANGING, child])
    yield log
    process.terminate()
    process.wait(15)


def test_a_child_that_stands_still_is_killed_and_the_next_one_is_told(watched: Path) -> None:
    (first,) = until(watched, 1)
    sleep(3)
    assert until(watched, 1) == [first]  # one that moves is left alone
    os.kill(int(first), signal.SIGSTOP)
    _, second, told = until(watched, 3)
    assert told == "--was-hung"
    os.kill(int(second), signal.SIGKILL)
    third = until(watched, 4)[3]  # that one was not hung
    assert third.isdecimal()
    with pytest.raises(ProcessLookupError):
        os.kill(int(first), 0)


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


LEAVING = textwrap.dedent(
    """
    import ctypes, os, sys
    from tocsin.cli.supervisor import Program, become
    ctypes.CDLL(None).prctl(36, 1)  # whatever is left behind below it comes to it, as to the first process of all
    child = [sys.executable, "-c", sys.argv[1]]
    become([Program(name="child", arguments=child)], os.environ)
    """
)


def test_what_others_leave_behind_is_buried(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = textwrap.dedent(
        f"""
        import os, signal, subprocess
        shell = subprocess.run(["sh", "-c", "sleep 0.3 & echo $!"], stdout=subprocess.PIPE)
        with open({str(log)!r}, "w") as file: print(shell.stdout.decode(), file=file)
        while True: signal.pause()
        """
    )
    process = subprocess.Popen([sys.executable, "-c", LEAVING, child])
    (orphan,) = until(log, 1)
    end = monotonic() + 10
    while Path(f"/proc/{orphan}").exists() and monotonic() < end:
        sleep(0.05)
    is_buried = not Path(f"/proc/{orphan}").exists()
    process.terminate()
    assert (process.wait(15), is_buried) == (0, True)


def test_who_wants_it_to_stop_while_it_begins_is_heard() -> None:
    early = PROGRAM.replace(
        "become(", "import signal; signal.pthread_sigmask(0, [15]); os.kill(os.getpid(), 15); become("
    )
    process = subprocess.Popen([sys.executable, "-c", early, "import signal; signal.pause()"])
    assert process.wait(15) == 0


@pytest.mark.parametrize("child", [["web", "--fd", "0"], ["engine"], ["demo"]])
def test_a_child_whose_supervisor_died_while_it_was_starting_ends_too(child: list[str]) -> None:
    of_another = ["--parent", str(os.getppid())]
    arguments = [sys.executable, "-m", "tocsin.cli.main", *child, *of_another]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f"the supervisor {os.getppid()} is no more" in done.stderr
