"""/readyz: whether pages would be paged now. The database answers, its tables are up to date, and the engine lives."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, close_old_connections, connection, connections
from django.db.migrations.executor import MigrationExecutor

from tocsin import clock
from tocsin.config.liveness import Work
from tocsin.health import beats
from tocsin.ingest import http
from tocsin.ingest.http import Receive, Scope, Send

PATIENCE = 5.0  # seconds
EVERY = 1.0  # seconds; asked more often, it says the same again


class Readiness:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-ready")
        self._work = Work()
        self._migrated = False
        self._said: dict[str, str] = {}
        self._said_at = float("-inf")

    @property
    def still(self) -> float:
        return self._work.still

    async def open(self) -> None:
        """Nothing to do: the thread starts when it is needed."""

    async def close(self) -> None:
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        found = await self._checks()
        status = 200 if all(word == "ok" for word in found.values()) else 503
        await http.send(send, http.json(status, {"status": "ready" if status == 200 else "not ready", **found}))  # noqa: PLR2004

    async def _checks(self) -> dict[str, str]:
        if clock.monotonic() - self._said_at > EVERY or set(self._said.values()) != {"ok"}:
            try:
                running = asyncio.get_running_loop().run_in_executor(self._pool, self._look_working)
                self._said = await asyncio.wait_for(running, PATIENCE)
            except TimeoutError:
                self._said = {"database": f"does not answer within {PATIENCE:.0f} s"}
            self._said_at = clock.monotonic()
        return self._said

    def _look_working(self) -> dict[str, str]:
        with self._work:
            return self._look()

    def _look(self) -> dict[str, str]:
        close_old_connections()
        try:
            return {"database": "ok", "migrations": self._migrations(), "engine": self._engine()}
        except Error as error:
            return {"database": f"does not answer: {type(error).__name__}"}

    def _migrations(self) -> str:
        if not self._migrated:
            executor = MigrationExecutor(connection)
            self._migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return "ok" if self._migrated else "run `tocsin migrate`"

    @staticmethod
    def _engine() -> str:
        return "ok" if beats.alive("engine", clock.now()) else "no engine is running"
