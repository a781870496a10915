"""Told to stop, the engine stops: also when it is told again and again, in the middle of anything."""

import signal
import subprocess
import sys
from time import sleep

WAITS = """
from time import monotonic

from tocsin.cli.stopping import told_to_stop

stop = told_to_stop()
print("ready", flush=True)
stop.wait()
end = monotonic() + 1
while monotonic() < end:
    stop.wait(0.0001)
print("done", flush=True)
"""


def test_a_burst_of_signals_stops_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True, bufsize=1)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        for number in (signal.SIGTERM, signal.SIGINT) * 1_000:
            child.send_signal(number)
            sleep(0.0001)
        try:
            said, _ = child.communicate(timeout=20)
        finally:
            child.kill()
    assert (said, child.returncode) == ("done\n", 0)
