"""Which processes live."""

import hashlib
import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta

from tocsin.health.models import Beat

EVERY = timedelta(seconds=5)
STALE = timedelta(seconds=20)
_KEPT = timedelta(hours=1)


_LONGEST = 28  # characters of a host's name


def host() -> str:
    """A long name is cut, and told from others that begin alike by what it is made of: pods of one deployment do."""
    name = socket.gethostname()
    if len(name) <= _LONGEST:
        return name
    return f"{name[:17]}~{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def node() -> str:
    """This process among all nodes: at most 40 characters."""
    return f"{host()}:{os.getpid()}"


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


def dead_here(nodes: Iterable[str]) -> set[str]:
    """Those of the nodes that were processes of this host and are no more.

    This process's own name counts as dead: it is asked before the process has done anything, and then an equal name was
    that of a process before it, which is common in containers, where the numbers begin anew.
    """
    return {n for n in nodes if _is_of_this_host(n) and (n == node() or not _runs(int(n.rpartition(":")[2])))}


def _is_of_this_host(name: str) -> bool:
    at, _, pid = name.rpartition(":")
    return at == host() and pid.isdecimal()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
