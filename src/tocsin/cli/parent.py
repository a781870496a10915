"""What a child owes its parent."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(pid: int | None) -> None:
    """When the supervisor is killed, its children get SIGTERM, so that a new one finds the port and the work free.

    `pid`: the supervisor's, which may have died before this could be asked for; none: nobody looks after this process.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if pid is not None and os.getppid() != pid:
        sys.exit(f"tocsin: the supervisor {pid} is no more; ending")
