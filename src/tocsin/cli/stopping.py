"""How a process of threads hears that it is to stop."""

import os
import signal
import threading

from tocsin.cli.supervisor import STOPS


def told_to_stop() -> threading.Event:
    """Set when SIGTERM or SIGINT comes, however often. For the main thread to make.

    Not by the handler itself: it runs in the middle of whatever the main thread does. Where that is waiting for this
    very event, or setting it for the signal before, it would wait for its lock for ever.
    """
    stop = threading.Event()
    heard, told = os.pipe()
    os.set_blocking(told, False)

    def listen() -> None:
        os.read(heard, 1)
        stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for number in STOPS:
        signal.signal(number, lambda *_: None)  # only to be heard
    return stop
