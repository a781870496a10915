"""Group commit, keys and what is said when the database does not answer: with a store that can be stopped."""

import asyncio
import json
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.ingest.calling import call
from tocsin.ingest.app import Ingest, Receipts
from tocsin.ingest.commit import Committer, Full
from tocsin.ingest.contract import Conflict, Copied, Key, Row, Unavailable
from tocsin.ingest.keys import KEPT, Keys
from tocsin.ingest.postgresql import PostgresStore
from tocsin.ingest.sqlite import SQLiteStore
from tocsin.sealing import fingerprint

GENERIC = "/in/generic/" + "a" * 32
PAGERDUTY = {
    "routing_key": "b" * 32,
    "event_action": "trigger",
    "payload": {"summary": "disk full", "source": "db1", "severity": "critical"},
}
OPEN = {
    fingerprint("a" * 32): Key(integration_id=1, kind="generic"),
    fingerprint("b" * 32): Key(integration_id=2, kind="pagerduty"),
}


@dataclass
class StoppableStore:
    """A disk that writes when told to."""

    at_once: int = 1
    batches: list[list[Row]] = field(default_factory=list)
    lookups: list[list[str]] = field(default_factory=list)
    error: Exception | None = None
    going: asyncio.Event = field(default_factory=asyncio.Event)
    taken: set[str] = field(default_factory=set)  # receipts

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def write(self, rows: Sequence[Row]) -> None:
        self.batches.append(list(rows))
        await self.going.wait()
        if self.error is not None:
            raise self.error

    async def has(self, receipt: str) -> bool:
        return receipt in self.taken

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        self.lookups.append(list(fingerprints))
        await asyncio.sleep(0)
        return OPEN


def row(body: bytes = b"{}") -> Row:
    return Row(str(uuid.uuid4()), 1, "generic", body, NOON)


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_nothing_is_answered_before_it_is_written() -> None:
    async def story() -> None:
        store = StoppableStore()
        asked = asyncio.ensure_future(call(Ingest(store), GENERIC, {"summary": "x"}))
        await settle()
        assert len(store.batches) == 1
        assert not asked.done()
        store.going.set()
        assert (await asked).status == 202

    run(story())


def test_what_comes_while_one_batch_is_written_shares_the_next() -> None:
    async def story() -> None:
        store = StoppableStore()
        committer = Committer(store)
        first = [asyncio.ensure_future(committer.put(row())) for _ in range(2)]
        await settle()
        then = [asyncio.ensure_future(committer.put(row())) for _ in range(9)]
        await settle()
        assert [len(batch) for batch in store.batches] == [2]
        store.going.set()
        await asyncio.gather(*first, *then)
        assert [len(batch) for batch in store.batches] == [2, 9]

    run(story())


def test_two_batches_are_on_their_way_where_the_store_can() -> None:
    async def story() -> None:
        store = StoppableStore(at_once=2)
        committer = Committer(store)
        waiting = []
        for count in (1, 2, 3, 4):
            waiting += [asyncio.ensure_future(committer.put(row())) for _ in range(count)]
            await settle()
        assert [len(batch) for batch in store.batches] == [1, 2]
        store.going.set()
        await asyncio.gather(*waiting)
        assert [len(batch) for batch in store.batches] == [1, 2, 7]

    run(story())


def test_large_bodies_are_written_in_small_batches() -> None:
    async def story() -> None:
        store = StoppableStore()
        committer = Committer(store)
        waiting = [asyncio.ensure_future(committer.put(row(b"x" * 500_000))) for _ in range(40)]
        store.going.set()
        await asyncio.gather(*waiting)
        assert max(sum(len(r.body) for r in batch) for batch in store.batches) <= 9_000_000

    run(story())


@pytest.mark.parametrize("bound", [{"most_rows": 3}, {"most_bytes": 6}], ids=["rows", "bytes"])
def test_a_full_queue_takes_nothing_more_until_there_is_room(bound: dict[str, int]) -> None:
    async def story() -> None:
        store = StoppableStore()
        committer = Committer(store, **bound)
        waiting = [asyncio.ensure_future(committer.put(row())) for _ in range(3)]
        await settle()
        with pytest.raises(Full):
            await committer.put(row())
        store.going.set()
        await asyncio.gather(*waiting)
        await committer.put(row())
        assert sum(len(batch) for batch in store.batches) == 4

    run(story())


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/v2/enqueue", PAGERDUTY, 429), (GENERIC, {"summary": "x"}, 503)],
    ids=["pagerduty", "generic"],
)
def test_overload_is_answered_as_the_formats_clients_expect(path: str, body: object, status: int) -> None:
    async def story() -> None:
        ingest = Ingest(store := StoppableStore(), committer=Committer(store, most_rows=0))
        reply = await call(ingest, path, body)
        assert (reply.status, reply.headers["retry-after"]) == (status, "2")
        assert store.batches == []

    run(story())


@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("never thought of")], ids=["away", "unexpected"])
def test_a_database_that_does_not_take_it_is_never_a_success(error: Exception) -> None:
    async def story() -> None:
        store = StoppableStore(error=error)
        store.going.set()
        ingest = Ingest(store)
        replies = await asyncio.gather(call(ingest, GENERIC, {"summary": "x"}), call(ingest, "/v2/enqueue", PAGERDUTY))
        assert [(r.status, r.headers["retry-after"]) for r in replies] == [(503, "2"), (429, "2")]

    run(story())


def test_a_conflict_is_tried_row_by_row() -> None:
    async def story() -> None:
        store = StoppableStore(error=Conflict())
        committer = Committer(store)
        waiting = [asyncio.ensure_future(committer.put(row())) for _ in range(3)]
        store.going.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, Unavailable) for result in results)
        assert [len(batch) for batch in store.batches] == [3, 1, 1, 1]

    run(story())


def test_a_copy_that_came_at_the_same_time_is_called_one() -> None:
    async def story() -> None:
        store = StoppableStore(error=Conflict())
        twice = row()
        store.taken.add(twice.receipt)
        committer = Committer(store)
        waiting = [asyncio.ensure_future(committer.put(each)) for each in (row(), twice)]
        store.going.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable, Copied]

    run(story())


def test_a_request_that_was_cancelled_holds_nobody_up() -> None:
    async def story() -> None:
        store = StoppableStore()
        committer = Committer(store, most_rows=3)
        first, second = (asyncio.ensure_future(committer.put(row())) for _ in range(2))
        await settle()
        second.cancel()
        await settle()
        third = asyncio.ensure_future(committer.put(row()))
        store.going.set()
        await asyncio.gather(first, third)

    run(story())


def test_closing_waits_for_what_was_taken() -> None:
    async def story() -> None:
        store = StoppableStore()
        ingest = Ingest(store)
        asked = asyncio.ensure_future(call(ingest, GENERIC, {"summary": "x"}))
        await settle()
        closing = asyncio.ensure_future(ingest.close())
        await settle()
        assert not closing.done()
        store.going.set()
        await closing
        assert (await asked).status == 202

    run(story())


def test_a_key_is_looked_up_once_for_all_who_ask_and_again_when_it_is_old() -> None:
    async def story() -> None:
        store, at = StoppableStore(), [0.0]
        keys = Keys(store.keys, monotonic=lambda: at[0])
        found = await asyncio.gather(*(keys.find(k * 32) for k in "aabac"))
        assert [k.kind if k else None for k in found] == ["generic", "generic", "pagerduty", "generic", None]
        assert [len(lookup) for lookup in store.lookups] == [3]
        await keys.find("a" * 32)
        assert len(store.lookups) == 1
        at[0] = KEPT
        await keys.find("a" * 32)
        assert len(store.lookups) == 2

    run(story())


def test_an_unknown_key_is_asked_for_every_time_so_that_a_new_one_works_at_once() -> None:
    async def story() -> None:
        keys = Keys((store := StoppableStore()).keys)
        assert [await keys.find("c" * 32) for _ in range(2)] == [None, None]
        assert len(store.lookups) == 2

    run(story())


AWAY = [
    SQLiteStore("/nonexistent/tocsin.sqlite3"),
    PostgresStore({"host": "127.0.0.1", "port": 1, "user": "x", "database": "x"}),
]


@pytest.mark.parametrize("store", AWAY, ids=["sqlite", "postgresql"])
def test_without_a_database_the_sender_is_asked_to_try_again(store: SQLiteStore | PostgresStore) -> None:
    async def story() -> None:
        await store.open()
        reply = await call(Ingest(store), GENERIC, json.dumps({"summary": "x"}).encode())
        assert (reply.status, reply.headers["retry-after"]) == (503, "2")
        with pytest.raises(Unavailable):
            await store.write([row()])
        await store.close()

    run(story())


def test_receipts_are_in_the_order_of_time_and_never_the_same() -> None:
    receipts = Receipts()
    drawn = [receipts.take(NOON + timedelta(milliseconds=n)) for n in range(500)]
    assert drawn == sorted(drawn)
    assert len({receipts.take(NOON) for _ in range(1000)}) == 1000
    assert {(r.version, r.variant) for r in map(uuid.UUID, drawn)} == {(7, uuid.RFC_4122)}
