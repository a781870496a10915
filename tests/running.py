"""The real program in its own processes: `tocsin serve` on a free port, with a database of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep

from tests import databases

READY_WITHIN = 40.0  # seconds, on a busy machine


class NotRunning(AssertionError):
    """The server did not do what a running server does; the text has the end of its log."""


@dataclass(kw_only=True)
class Running:
    """A server. `environ` is what its processes have, and what a command beside it needs."""

    url: str  # http://127.0.0.1:port
    data: Path
    environ: Mapping[str, str]
    process: subprocess.Popen[bytes] = field(repr=False)
    log: Path
    command: Sequence[str] = ()

    def children(self) -> dict[str, int]:
        """The pid of each child by its name: web, engine, demo."""
        found: dict[str, int] = {}
        for pid in _children_of(self.process.pid):
            words = _command_line(pid)
            found |= {name: pid for name in ("web", "engine", "demo") if name in words}
        return found

    def kill(self, name: str) -> None:
        """`kill -9` of one child, which the supervisor will start again. Nothing happens when it is not there."""
        pid = self.children().get(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """`kill -9` of the parent alone: its children are asked to end, and do when they have done their work."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Where everything was killed; as often as it takes until the port is free, as an init system does."""
        end = monotonic() + READY_WITHIN
        while monotonic() < end:
            self.process = _spawned(self.command, self.environ, self.log)
            while self.process.poll() is None:
                if self.children():
                    return
                sleep(0.02)
            sleep(0.2)
        raise NotRunning(f"did not start again within {READY_WITHIN:.0f} s:\n{self.tail()}")

    def run(self, *arguments: str) -> str:
        """A `tocsin` command beside the server; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "tocsin.cli.main", *arguments],
            env=dict(self.environ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotRunning(f"tocsin {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def wait_ready(self) -> None:
        """Until /readyz says yes, which it does when web, database and engine live."""
        end = monotonic() + READY_WITHIN
        while monotonic() < end:
            if self.process.poll() is not None:
                raise NotRunning(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            if self._answers("/readyz"):
                return
            sleep(0.05)
        raise NotRunning(f"not ready after {READY_WITHIN:.0f} s:\n{self.tail()}")

    def tail(self, size: int = 4000) -> str:
        return self.log.read_text(errors="replace")[-size:]

    def stop(self) -> int:
        """SIGTERM, and wait; the status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.destroy()
            raise NotRunning(f"did not stop within 40 s:\n{self.tail()}") from None

    def destroy(self) -> None:
        """Everything at once, without asking."""
        for pid in [self.process.pid, *_children_of(self.process.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def serving(*options: str, database_url: str = "", **environ: str) -> Iterator[Running]:
    """A server that is ready, until the block ends. `environ`: TOCSIN_… variables."""
    server = start(*options, database_url=database_url, **environ)
    try:
        server.wait_ready()
        yield server
    finally:
        server.destroy() if server.process.poll() is not None else server.stop()


def start(*options: str, database_url: str = "", **environ: str) -> Running:
    """A server that was just started, on a copy of the migrated database unless another is given."""
    data = databases.scratch()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "DJANGO_"))},
        "TOCSIN_DATA": str(data),
        "TOCSIN_DATABASE_URL": database_url or databases.fresh(migrated()),
        "TOCSIN_PUBLIC_URL": url,
        "TOCSIN_ALLOW_PRIVATE": "yes",
        **environ,
    }
    log = data / "log.txt"
    command = [sys.executable, "-m", "tocsin.cli.main", "serve", "--port", str(port), *options]
    process = _spawned(command, variables, log)
    return Running(url=url, data=data, environ=variables, process=process, log=log, command=command)


def _spawned(command: Sequence[str], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, env=dict(environ), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


@lru_cache(maxsize=1)
def migrated() -> str:
    """The URL of a migrated database with nothing in it, to be copied; made once a run."""
    return databases.once("migrated", _migrate)


def _migrate() -> str:
    url, data = databases.lasting("migrated"), databases.scratch()
    environ = {**os.environ, "TOCSIN_DATA": str(data), "TOCSIN_DATABASE_URL": url}
    environ["DJANGO_SETTINGS_MODULE"] = "tocsin.config.settings"
    subprocess.run([sys.executable, "-m", "tocsin.cli.main", "migrate"], env=environ, check=True)
    databases.execute(url, "DELETE FROM health_setting")  # each server that gets a copy has a key of its own
    if not databases.IS_POSTGRESQL:
        _fold_journal(url.removeprefix("sqlite:///"))
    return url


def _fold_journal(path: str) -> None:
    """The write-ahead log goes into the file itself, so that a copy of the file is the whole database."""
    subprocess.run(
        [sys.executable, "-c", f"import sqlite3; sqlite3.connect({path!r}).execute('PRAGMA wal_checkpoint(TRUNCATE)')"],
        check=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children_of(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


@contextlib.contextmanager
def occupied() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])
