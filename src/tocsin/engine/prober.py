"""Runs the probes: many at the same time, none twice, and a slow target holds up no other.

Threads only look; what they find is written by the one thread that also hands out the work, so that the database sees
one writer a node, however many targets are looked at.
"""

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import connection

from tocsin import clock
from tocsin.checks import probing
from tocsin.checks.looking import look
from tocsin.checks.probing import Done, Job
from tocsin.health.edges import contained

AT_ONCE = 32  # targets
PAUSE = 1.0  # seconds between two looks for what is due


@dataclass(kw_only=True)
class Prober:
    stop: threading.Event
    at_once: int = AT_ONCE
    _running: "set[Future[Done]]" = field(default_factory=set)

    def work(self) -> None:
        """Until `stop`; what is being looked at then is left to its lease."""
        pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="probe")
        try:
            while not self.stop.is_set():
                self.turn(pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            connection.close()

    def turn(self, pool: ThreadPoolExecutor) -> None:
        free = self.at_once - len(self._running)
        if free:
            now = clock.database_now()
            self._running |= {pool.submit(_run, job) for job in probing.lease(settings.REGION, now, free)}
        self._wait()

    def _wait(self) -> None:
        if not self._running:
            self.stop.wait(PAUSE)
            return
        done, self._running = wait(self._running, timeout=PAUSE, return_when=FIRST_COMPLETED)
        for one in done:
            found = one.result()
            contained(
                partial(probing.record, found, clock.database_now()),
                "a probe's result cannot be kept; it is run again when its lease is over",
                id=found.job.check_id,
            )


def _run(job: Job) -> Done:
    began_at = clock.now()
    return Done(job=job, began_at=began_at, finding=look(job.kind, job.config, job.headers, began_at))
