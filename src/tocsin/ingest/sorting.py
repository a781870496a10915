"""Mails on their way in: whose they are, and into the same commits as everything else.

A mail that a sender sends again, because it heard no answer, is known by its receipt: made of the address, the
Message-ID, the date and the content, so that a tool that numbers all its mails alike loses none. Without a Message-ID
nothing is known of it, and two alike are two: a page too many is better than one too few.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin import clock
from tocsin.ingest.app import Receipts
from tocsin.ingest.commit import Committer
from tocsin.ingest.contract import Copied, Row, Store
from tocsin.ingest.keys import Keys
from tocsin.ingest.outcomes import outcome
from tocsin.sources.email import SOURCE, copies, stamps

_ADDRESS = re.compile(r"([0-9a-f]{32})(?:\+([^@]{1,200}))?@([^@]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Addressee:
    integration_id: int
    key: str
    tag: str  # behind the plus; may be empty
    host: str


class Sorter:
    def __init__(
        self,
        store: Store,
        committer: Committer,
        *,
        host: str,
        public_host: str,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.host, self._public_host = host.lower(), public_host.lower()
        self._store, self._committer, self._now = store, committer, now
        self._keys = Keys(store.keys)
        self._receipts = Receipts()

    async def addressee(self, address: str) -> Addressee | None:
        """None when it is not one of ours, or switched off. `Unavailable`."""
        found = _ADDRESS.fullmatch(address)
        if found is None or found[3].lower().rstrip(".") not in {self.host, self._public_host}:
            return None
        key = await self._keys.find(found[1].lower())
        if key is None or key.kind != SOURCE.kind:
            return None
        return Addressee(integration_id=key.integration_id, key=found[1].lower(), tag=found[2] or "", host=self.host)

    def is_own(self, raw: bytes, sender: str) -> bool:
        return stamps.is_own(raw, self._public_host, sender)

    async def take(self, raw: bytes, sender: str, addressees: Sequence[Addressee]) -> list[str]:
        """Their receipts, when there is an event for each of them on disk.

        `Full`, `Unavailable`: then not for all of them; those that there are stay as they are when it is sent again.
        """
        once = {(a.key, a.tag): a for a in addressees}
        receipts = []
        for found in await asyncio.gather(*(outcome(self._put(raw, sender, a)) for a in once.values())):
            if isinstance(found, BaseException):
                raise found
            receipts.append(found)
        return receipts

    async def _put(self, raw: bytes, sender: str, to: Addressee) -> str:
        now = self._now()
        known = copies.receipt(raw, to.key, to.tag)
        if known and await self._store.has(known):
            return known
        said = {stamps.TO: f"{'+' if to.tag else ''}{to.tag}@{to.host}", stamps.TAG: to.tag, stamps.FROM: sender}
        body = stamps.stamped(raw, said, to.key)
        receipt = known or self._receipts.take(now)
        with contextlib.suppress(Copied):
            await self._committer.put(Row(receipt, to.integration_id, SOURCE.kind, body, now))
        return receipt
