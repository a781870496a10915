"""`tocsin serve`: one command, one process tree."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click

from tocsin.cli.supervisor import STOPS, Program, become
from tocsin.config import environment
from tocsin.config.misconfigured import Misconfigured

BACKLOG = 2048
# For glibc: blocks of a megabyte go back to the system when they are free. By itself it keeps as much as it ever saw in
# one piece, for each thread: 16 MB for every thread that has checked a password.
_THRIFTY = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024), "MALLOC_TRIM_THRESHOLD_": str(512 * 1024)}


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Data directory (TOCSIN_DATA).")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, type=click.IntRange(0, 65535), show_default=True)
@click.option("--demo", is_flag=True, help="Fill an example organisation and fire a first alert.")
def serve(data: Path | None, host: str, port: int, demo: bool) -> None:  # noqa: FBT001 - click's
    """Run Tocsin: web and engine, supervised, until SIGTERM or Ctrl-C."""
    for number in STOPS:  # the first process of a container ignores what it has not asked for
        signal.signal(number, lambda *_: sys.exit(0))
    environ = _environ(data, port)
    listening = _listen(host, port, "--port")
    environ.setdefault("TOCSIN_PUBLIC_URL", f"http://localhost:{listening.getsockname()[1]}")
    settings = environment.read(environ)
    place = settings.smtp_listen
    mails = _listen(*place, "port in TOCSIN_SMTP_LISTEN") if place else None
    _migrate(environ)
    print(f"Tocsin listens on {environ['TOCSIN_PUBLIC_URL']}", flush=True)
    if mails is not None:
        print(f"Mails are taken on port {mails.getsockname()[1]}", flush=True)
    become(_programs(listening, mails, settings.hung_after, demo=demo), environ)


def _environ(data: Path | None, port: int) -> dict[str, str]:
    environ = dict(os.environ)
    if data is not None:
        environ["TOCSIN_DATA"] = str(data.absolute())
    if port:
        environ.setdefault("TOCSIN_PUBLIC_URL", f"http://localhost:{port}")
    return _THRIFTY | environ


def _listen(host: str, port: int, named: str) -> socket.socket:
    """The supervisor holds the socket: while the web process starts again, callers wait and are not refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise Misconfigured(
            f"cannot listen on {host} port {port} ({error.strerror}). Stop what uses it, or choose another {named}."
        ) from error
    listening.listen(BACKLOG)
    return listening


def _migrate(environ: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", "tocsin.cli.main", "migrate"], env=environ, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _programs(listening: socket.socket, mails: socket.socket | None, hung_after: float, *, demo: bool) -> list[Program]:
    run = [sys.executable, "-m", "tocsin.cli.main"]
    heard = ["--mail-fd", str(mails.fileno())] if mails else []
    passed = [s.fileno() for s in (listening, mails) if s]
    programs = [
        Program(
            name="web",
            arguments=[*run, "web", "--fd", str(listening.fileno()), *heard],
            pass_fds=passed,
            hung_after=hung_after,
        ),
        Program(name="engine", arguments=[*run, "engine"], hung_after=hung_after),
    ]
    if demo:
        programs.append(Program(name="demo", arguments=[*run, "demo"]))
    return programs
