"""What each sender hears when nothing can be taken: what makes its client send again, and soon."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.conftest import NOON
from tests.ingest.addresses import ADDRESSES, AMAZON, JSON, Memory
from tests.ingest.calling import Reply, call
from tocsin.ingest.app import Ingest
from tocsin.ingest.certificates import Certificates
from tocsin.ingest.commit import Committer
from tocsin.ingest.contract import Row, Unavailable

# PagerDuty's and Opsgenie's clients send again after 429; Alertmanager's webhook only after 5xx, SNS after either
STATUS = {where: 429 if address.kind in {"pagerduty", "opsgenie"} else 503 for where, address in ADDRESSES.items()}


class Away(Memory):
    async def write(self, rows: Sequence[Row]) -> None:
        raise Unavailable("the database is away")


def ask(where: str, store: Memory, most_rows: int) -> Reply:
    address = ADDRESSES[where]

    async def story() -> Reply:
        committer = Committer(store, most_rows=most_rows)
        ingest = Ingest(store, lambda: NOON, committer, Certificates(AMAZON.fetch))
        headers = address.headers_with([JSON])
        reply = await call(ingest, address.path, address.good, method=address.method, headers=headers)
        await ingest.close()
        return reply

    return asyncio.run(story())


@pytest.mark.parametrize(("where", "status"), STATUS.items())
def test_a_full_queue_asks_the_sender_to_come_again(where: str, status: int) -> None:
    store = Memory(ADDRESSES[where].kind)
    reply = ask(where, store, most_rows=0)
    assert (reply.status, reply.headers["retry-after"], store.rows) == (status, "2", [])
    assert "tocsin-receipt" not in reply.headers


@pytest.mark.parametrize(("where", "status"), STATUS.items())
def test_so_does_a_database_that_is_away(where: str, status: int) -> None:
    reply = ask(where, Away(ADDRESSES[where].kind), most_rows=10)
    assert (reply.status, reply.headers["retry-after"]) == (status, "2")


@pytest.mark.parametrize("where", ADDRESSES)
def test_whoever_is_heard_is_given_a_receipt(where: str) -> None:
    store = Memory(ADDRESSES[where].kind)
    reply = ask(where, store, most_rows=10)
    assert [row.receipt for row in store.rows] == [reply.headers["tocsin-receipt"]]
