"""Keeps processes alive: starts them, starts them again when they die or stand still, stops all on SIGTERM or SIGINT.

It lives as long as Tocsin and does next to nothing, so it carries next to nothing: `tocsin serve` becomes this module,
which imports little more than the interpreter has.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import NoReturn

from tocsin import clock
from tocsin.config.pulse import Receiver

FIRST_PAUSE = 0.2  # seconds before a dead child is started again; doubles up to the longest
LONGEST_PAUSE = 1.0  # a pager that is down is worse than a busy machine
STEADY = 30.0  # a child that lived so long has started well: its next pause is the first again
STOPS = (signal.SIGTERM, signal.SIGINT)
PATIENCE = 25.0  # seconds that children get to finish what they are doing


@dataclass(frozen=True, kw_only=True)
class Program:
    """It is started with `--parent PID`: this process, without which it should not go on."""

    name: str
    arguments: Sequence[str]
    pass_fds: Sequence[int] = ()
    hung_after: float = 0.0  # seconds without a sign of life; 0: it gives none. Else it is started with `--pulse-fd N`


@dataclass(kw_only=True)
class Child:
    program: Program
    was_hung: bool = False  # it is started with `--was-hung` then
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0  # monotonic
    pause: float = FIRST_PAUSE
    due: float = 0.0  # monotonic; when to start it (again)
    pulse: Receiver | None = None
    looked: float = 0.0  # monotonic; when for a sign of life


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
            self._reap()
            for child in self.children:
                self._look_after(child)
            self._sleep(self._pause())
        return self._stop()

    def _pause(self) -> float:
        if any(child.process is None for child in self.children):
            return 0.1
        patience = [child.program.hung_after for child in self.children if child.program.hung_after]
        return min([5.0, *(seconds / 4 for seconds in patience)])

    def _listen(self) -> None:
        os.set_blocking(self._wake[1], False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for number in STOPS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)  # see `become`

    def _on_stop(self, *_: object) -> None:
        self.stopping = True

    def _sleep(self, seconds: float) -> None:
        readable, _, _ = select.select([self._wake[0]], [], [], seconds)
        if readable:
            os.read(self._wake[0], 1024)

    def _reap(self) -> None:
        """As the first process of a container it is given what others leave behind, and nobody else buries it."""
        ours = {child.process.pid for child in self.children if child.process is not None}
        with contextlib.suppress(ChildProcessError):  # there are no children at all
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                if ended.si_pid in ours:
                    return  # that one is looked after
                os.waitpid(ended.si_pid, os.WNOHANG)

    def _look_after(self, child: Child) -> None:
        now = clock.monotonic()
        if child.process is not None and child.process.poll() is not None:
            lived = now - child.started
            child.pause = FIRST_PAUSE if lived > STEADY else min(child.pause * 2, LONGEST_PAUSE)
            child.due = now + child.pause
            _say(f"{child.program.name} ended ({_how(child.process.returncode)}); starting it again")
            child.process = None
        if child.process is not None and child.pulse is not None:
            self._feel(child.process, child, child.pulse, now)
        if child.process is None and now >= child.due:
            self._start(child, now)

    @staticmethod
    def _feel(process: subprocess.Popen[bytes], child: Child, felt: Receiver, now: float) -> None:
        silent, child.looked = felt.look(now - child.looked), now
        if silent >= child.program.hung_after:
            _say(f"{child.program.name} gave no sign of life for {silent:.0f} s; killing it")
            child.was_hung = True
            process.kill()  # also ends one that is stopped; SIGCHLD wakes us to start it again

    def _start(self, child: Child, now: float) -> None:
        arguments = [*child.program.arguments, "--parent", str(os.getpid())]
        passed = [*child.program.pass_fds]
        if child.program.hung_after:
            felt = self._pulse(child)
            arguments += ["--pulse-fd", str(felt.for_child)]
            passed.append(felt.for_child)
        if child.was_hung:
            arguments.append("--was-hung")
        child.started, child.looked, child.was_hung = now, now, False
        child.process = subprocess.Popen(
            arguments, pass_fds=tuple(passed), env=dict(self.environ), start_new_session=True
        )
        if child.pulse is not None:
            child.pulse.started()

    @staticmethod
    def _pulse(child: Child) -> Receiver:
        if child.pulse is not None:
            child.pulse.close()
        child.pulse = Receiver()
        return child.pulse

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


def become(programs: Sequence[Program], environ: Mapping[str, str]) -> NoReturn:
    """This process goes on as the supervisor of these, and as nothing else: it has the same number as before.

    Who wants it to stop meanwhile is heard when it can listen again. The first process of a container would miss it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    for fd in {fd for program in programs for fd in program.pass_fds}:
        os.set_inheritable(fd, True)  # noqa: FBT003 - the standard library's
    sys.stdout.flush()
    told = json.dumps([asdict(program) for program in programs])
    os.execve(sys.executable, [sys.executable, "-m", "tocsin.cli.supervisor", told], dict(environ))  # noqa: S606


def main() -> NoReturn:
    programs = [Program(**given) for given in json.loads(sys.argv[1])]
    for fd in {fd for program in programs for fd in program.pass_fds}:
        os.set_inheritable(fd, False)  # noqa: FBT003 - only to the one that it is for
    sys.exit(Supervisor(children=[Child(program=p) for p in programs], environ=dict(os.environ)).run())


if __name__ == "__main__":
    main()
