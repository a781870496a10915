"""Keeps processes alive: starts them, starts them again when they die, stops them all on SIGTERM or SIGINT."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tocsin import clock

FIRST_PAUSE = 0.2  # seconds before a dead child is started again; doubles up to the longest
LONGEST_PAUSE = 1.0  # a pager that is down is worse than a busy machine
STEADY = 30.0  # a child that lived so long has started well: its next pause is the first again
PATIENCE = 25.0  # seconds that children get to finish what they are doing


@dataclass(kw_only=True)
class Child:
    name: str
    arguments: Sequence[str]
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0  # monotonic
    pause: float = FIRST_PAUSE
    due: float = 0.0  # monotonic; when to start it (again)


@dataclass(kw_only=True)
class Supervisor:
    """`run` returns when told to stop, after all children have ended; the status is for sys.exit."""

    children: Sequence[Child]
    environ: Mapping[str, str]
    stopping: bool = False
    _wake: tuple[int, int] = field(default_factory=os.pipe)

    def run(self) -> int:
        self._listen()
        while not self.stopping:
            for child in self.children:
                self._look_after(child)
            self._sleep(0.1 if any(c.process is None for c in self.children) else 5.0)
        return self._stop()

    def _listen(self) -> None:
        os.set_blocking(self._wake[1], False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken

    def _on_stop(self, *_: object) -> None:
        self.stopping = True

    def _sleep(self, seconds: float) -> None:
        readable, _, _ = select.select([self._wake[0]], [], [], seconds)
        if readable:
            os.read(self._wake[0], 1024)

    def _look_after(self, child: Child) -> None:
        now = clock.monotonic()
        if child.process is not None and child.process.poll() is not None:
            lived = now - child.started
            child.pause = FIRST_PAUSE if lived > STEADY else min(child.pause * 2, LONGEST_PAUSE)
            child.due = now + child.pause
            _say(f"{child.name} ended ({_how(child.process.returncode)}); starting it again")
            child.process = None
        if child.process is None and now >= child.due:
            self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        child.started = now
        child.process = subprocess.Popen(
            child.arguments, pass_fds=tuple(child.pass_fds), env=dict(self.environ), start_new_session=True
        )

    def _stop(self) -> int:
        """All children are asked in their order, so that the web stops taking work before the engine stops doing it."""
        alive = [c.process for c in self.children if c.process is not None]
        end = clock.monotonic() + PATIENCE
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(max(0.1, end - clock.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return 0


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"status {status}"


def _say(text: str) -> None:
    print(f"tocsin: {text}", file=sys.stderr, flush=True)
