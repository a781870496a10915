"""Two nodes on one PostgreSQL."""

import json
from collections import Counter
from time import monotonic, sleep

import psycopg

from tests.channels import servers
from tests.crash import beside
from tests.crash.load import Load
from tests.databases import IS_POSTGRESQL
from tests.running import Running, serving

SECRET = {"TOCSIN_SECRET_KEY": "a key that is the same on every node"}
WITHIN = 8.0  # seconds
IN_THE_AIR = "SELECT DISTINCT leased_by FROM outbox_message WHERE state = 'sending'"

if IS_POSTGRESQL:  # SQLite is for one machine

    def test_both_share_the_work_and_one_goes_on_when_the_other_is_taken_away() -> None:
        with servers.receiver() as receiver, serving(**SECRET) as stays:
            url = stays.environ["TOCSIN_DATABASE_URL"]
            with serving(database_url=url, **SECRET) as goes:
                key = beside.seed(stays, receiver.url)
                receiver.hold.clear()  # what one node sends takes so long that there is work for both
                with Load(url=stays.url, key=key) as one, Load(url=goes.url, key=key) as other:
                    senders = _two_senders(stays)
                    receiver.hold.set()
                    assert goes.stop() == 0
                    receiver.wait_for(len(receiver.heard) + 20)
            assert len(senders) == 2
            seen = beside.inspect(stays.environ)
            accepted = [*one.accepted, *other.accepted]
            assert (one.odd, other.odd, seen["illegal"]) == ([], [], [])
            assert not set(accepted) - set(seen["dedup_keys"])  # type: ignore[call-overload]
            sent = Counter(h.headers["idempotency-key"] for h in receiver.heard)
            paged = {json.loads(h.body)["data"]["dedup_key"] for h in receiver.heard}
            assert not set(accepted) - paged
            assert set(sent.values()) == {1}
            assert seen["possible_duplicates"] == 0


def _two_senders(server: Running) -> set[str]:
    """The nodes that have messages in the air, once there are two; else what there was in the end.

    Asked straight away: a provider that takes ten seconds is asked again, and then it has the page twice.
    """
    end = monotonic() + WITHIN
    with psycopg.connect(server.environ["TOCSIN_DATABASE_URL"], autocommit=True) as database:
        while len(found := {node for (node,) in database.execute(IN_THE_AIR)}) < 2 and monotonic() < end:
            sleep(0.02)
    return found
