"""Looks at the rows of a working server again and again: each way from one look to the next must be a legal one."""

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import psycopg

from tests import databases

EVERY = 0.2  # seconds
ESCALATIONS = "SELECT id, version, round, status, step FROM paging_escalation"
GROUPS = "SELECT id, version, 0, state, 0 FROM alerts_alertgroup"


class Seen(NamedTuple):
    version: int
    round: int
    state: str
    step: int


@dataclass(kw_only=True)
class Fences:
    """Versions and rounds only grow, nothing changes without a new version, and what is over stays so."""

    database_url: str
    looks: int = 0
    broken: list[str] = field(default_factory=list)
    _before: dict[str, dict[int, Seen]] = field(default_factory=lambda: {ESCALATIONS: {}, GROUPS: {}})
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            for query in self._before:
                try:
                    now = self._look(query)
                except (sqlite3.Error, psycopg.Error):  # its connection was cut, too
                    continue
                self._compare(query, now)
                self._before[query] = dict(now)
                self.looks += 1

    def _look(self, query: str) -> Mapping[int, Seen]:
        if databases.IS_POSTGRESQL:
            with psycopg.connect(self.database_url, autocommit=True) as server:
                return {pk: Seen(*rest) for pk, *rest in server.execute(query)}  # type: ignore[call-overload]
        file = sqlite3.connect(f"file:{databases.name_of(self.database_url)}?mode=ro", uri=True, timeout=5)
        try:
            return {pk: Seen(*rest) for pk, *rest in file.execute(query)}
        finally:
            file.close()

    def _compare(self, query: str, now: Mapping[int, Seen]) -> None:
        for pk, before in self._before[query].items():
            after = now.get(pk)
            if after is None or not _may_follow(before, after):
                self.broken.append(f"{query.rpartition('_')[2]} {pk}: {before} → {after}")


def _may_follow(before: Seen, after: Seen) -> bool:
    if after.version == before.version or before.state in {"ended", "resolved"}:
        return after.state == before.state and after.version >= before.version
    return after.version > before.version and after.round >= before.round
