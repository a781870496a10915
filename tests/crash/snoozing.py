"""`python -m tests.crash.snoozing`: reads `GROUP SECONDS` lines, snoozes the group, prints how often it had to try.

Runs beside a server, in its environment, until its input ends.
"""

import sys
from datetime import timedelta
from time import sleep

from tocsin.config import django_setup

django_setup.setup()

from django.db import Error, close_old_connections, connection  # noqa: E402 - Django has to be set up first

from tests.world import SETUP  # noqa: E402
from tocsin import clock  # noqa: E402
from tocsin.paging import handing  # noqa: E402


def snooze(group: int, seconds: float) -> int:
    attempts = 0
    while True:
        attempts += 1
        close_old_connections()
        try:
            now = clock.database_now()
            handing.snooze(group, now + timedelta(seconds=seconds), SETUP, now)
        except Error:
            connection.close()
            sleep(0.05)
        else:
            return attempts


if __name__ == "__main__":
    for line in sys.stdin:
        group, seconds = line.split()
        sys.stdout.write(f"{snooze(int(group), float(seconds))}\n")
        sys.stdout.flush()
