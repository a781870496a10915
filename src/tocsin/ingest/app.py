"""The ASGI application that hears: it answers 2xx only for what is on disk."""

import os
from collections.abc import Callable
from datetime import datetime

from tocsin import clock
from tocsin.ingest import http
from tocsin.ingest.bodies import Bodies, Refused, nobody
from tocsin.ingest.certificates import Certificates
from tocsin.ingest.commit import Committer, Done, Full
from tocsin.ingest.contract import Row, Store, Unavailable
from tocsin.ingest.desk import Desk, Draft, Rejected
from tocsin.ingest.desks import desk_at
from tocsin.ingest.http import Answer, Receive, Scope, Send
from tocsin.ingest.keys import Keys
from tocsin.ingest.mending import mended
from tocsin.ingest.signed import Gate

NOT_FOUND = http.problem(
    404, "Not found", "Nothing is heard at this address. Copy the URL from the integration's page."
)

Taken = tuple[Desk, Draft, str]  # the last is the receipt


class Receipts:
    """UUIDs of version 7 (RFC 9562): the time, then 74 random bits, so that nobody guesses one.

    In the order of time they go to the end of their index; random ones would each touch a page of their own, and make
    a commit many times larger. The random bits are drawn in bulk: a system call for each would let go of the
    interpreter lock each time, and wait to get it back.
    """

    def __init__(self) -> None:
        self._random = ""
        self._used = 0  # digits of it

    def take(self, now: datetime) -> str:
        if self._used == len(self._random):
            self._random, self._used = os.urandom(10 * 64).hex(), 0
        drawn = self._random[self._used : self._used + 20]
        self._used += 20
        time = f"{int(now.timestamp() * 1000):012x}"
        return f"{time[:8]}-{time[8:]}-7{drawn[:3]}-{_VARIANT[drawn[3]]}{drawn[4:7]}-{drawn[7:19]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}  # two bits are given, two are random


class Ingest:
    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime] = clock.now,
        committer: Committer | None = None,
        certificates: Certificates | None = None,
        refused: Refused = nobody,
    ) -> None:
        self._store = store
        self._now = now
        self._keys = Keys(store.keys)
        self._committer = committer or Committer(store)
        self._receipts = Receipts()
        self._certificates = certificates or Certificates()
        self._bodies = Bodies(self._keys, refused)
        self._gate = Gate(store, self._keys, self._certificates)

    async def open(self) -> None:
        await self._store.open()

    async def close(self) -> None:
        """What was taken is written first."""
        await self._committer.drain()
        self._certificates.close()
        await self._store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        desk = desk_at(scope["path"])
        if desk is None:
            await http.send(send, NOT_FOUND)
        elif scope["method"] not in desk.methods:
            await http.send(send, _not_allowed(desk))
        else:
            await self._hear(desk, scope, receive, send)

    def take(self, desk: Desk, scope: Scope, body: bytes, done: Done) -> Taken | None:
        """Without waiting, when it is a good message with a key that is remembered; `done` says what became of it.

        None: nothing was done. The ordinary way finds out what to answer.
        """
        try:
            draft = desk.read(scope, body)
            key = self._keys.remembered(draft.key)
            if key is None or key.kind != desk.kind or key.secret or not desk.is_quick:
                return None
            now = self._now()
            receipt = self._receipts.take(now)
            self._committer.add(Row(receipt, key.integration_id, desk.kind, draft.body, now), done)
        except (Rejected, Full):
            return None
        return desk, draft, receipt

    async def _hear(self, desk: Desk, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._take(desk, scope, await self._bodies.read(desk, scope, receive))
        except http.Gone:
            return
        except Rejected as error:
            answer = error.answer
        except (Full, Unavailable):
            answer = desk.busy
        await http.send(send, answer)

    async def _take(self, desk: Desk, scope: Scope, body: bytes) -> Answer:
        """`Rejected`, `Full`, `Unavailable`."""
        if desk.packed is not None and http.is_packed(scope):
            return desk.packed
        draft = _read(desk, scope, body)
        key = await self._keys.find(draft.key)
        if key is None or key.kind != desk.kind:
            return desk.unknown
        now = self._now()
        receipt = await self._gate.admit(key, draft, scope, body, now) or self._receipts.take(now)
        await self._committer.put(Row(receipt, key.integration_id, desk.kind, draft.body, now))
        return desk.accepted(draft, receipt)


def _read(desk: Desk, scope: Scope, body: bytes) -> Draft:
    """`Rejected`. A body that has only characters against it is taken, without them."""
    try:
        return desk.read(scope, body)
    except Rejected:
        whole = mended(body)
        if whole == body:
            raise
        return desk.read(scope, whole)


def _not_allowed(desk: Desk) -> Answer:
    methods = ", ".join(desk.methods)
    return http.problem(405, "Method not allowed", f"Send it with {methods}.", (b"allow", methods.encode()))
