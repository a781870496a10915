"""Which processes live."""

import contextlib
import hashlib
import os
import secrets
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from tocsin.health.models import Beat

EVERY = timedelta(seconds=5)
STALE = timedelta(seconds=20)
_KEPT = timedelta(hours=1)


_LONGEST = 21  # characters of a host's name
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PROC = Path("/proc")
_BEGUN = 19  # of the fields of /proc/PID/stat behind the name: when the process began (proc(5), starttime)
_OWN = secrets.token_hex(2)  # marks this process where there is no /proc


def host() -> str:
    """A long name is cut, and told from others that begin alike by what it is made of: pods of one deployment do."""
    name = socket.gethostname()
    if len(name) <= _LONGEST:
        return name
    return f"{name[:12]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def place() -> str:
    """Where a number means one process: a host since it was started, and in it a container since it was.

    Hosts and containers can have the same name, and numbers begin anew in each.
    """
    said = [socket.gethostname(), _read(_PROC / "sys/kernel/random/boot_id")]
    with contextlib.suppress(OSError):
        said.append(str((_PROC / "self/ns/pid").readlink()))
    return f"{host()}.{_short(' '.join(said), 4)}"


def node() -> str:
    """This process among all nodes and all times: at most 40 characters."""
    pid = os.getpid()
    return f"{place()}:{pid}:{_mark(pid)}"


def beat(role: str, now: datetime) -> None:
    """`role`: engine or web."""
    Beat.objects.update_or_create(node=node(), role=role, defaults={"at": now})


def stopped(role: str) -> None:
    """This process ends in good order."""
    Beat.objects.filter(node=node(), role=role).delete()


def alive(role: str, now: datetime) -> set[str]:
    return set(Beat.objects.filter(role=role, at__gt=now - STALE, at__lt=now + STALE).values_list("node", flat=True))


def clear(now: datetime) -> int:
    return Beat.objects.filter(at__lte=now - _KEPT).delete()[0]


def dead_here(nodes: Iterable[str], *, is_alone: bool) -> set[str]:
    """Those of the nodes that are surely no more.

    Of this place: that their process does not run, or is another one with the same number. Of other places nothing is
    known here, unless this node `is_alone` with its database: then they were before it.
    """
    return {name for name in nodes if not (_runs(name) if name.startswith(f"{place()}:") else not is_alone)}


def silent(nodes: Iterable[str], now: datetime) -> set[str]:
    """Those of the nodes whose engine has given no sign of life for a while, wherever they are. Never this one."""
    return set(nodes) - alive("engine", now) - {node()}


def _runs(name: str) -> bool:
    pid, _, mark = name.removeprefix(f"{place()}:").partition(":")
    if not pid.isdecimal():
        return False
    if _PROC.joinpath("self").exists() or int(pid) == os.getpid():
        return mark == _mark(int(pid))
    return _is_there(int(pid))


def _mark(pid: int) -> str:
    """Tells a process from earlier and later ones with its number; empty: there is none."""
    if not _PROC.joinpath("self").exists():
        return _OWN if pid == os.getpid() else ""
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return _short(fields[_BEGUN], 5) if fields else ""


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:  # it ended, or it is no Linux
        return ""


def _short(text: str, length: int) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(_DIGITS[number // 36**at % 36] for at in range(length))
