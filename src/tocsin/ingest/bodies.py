"""How much of a body is read, and from whom.

Up to 512 KB of anybody. A storm that Alertmanager sends as one message is larger, and what is refused for its size is
never sent again: so more is read where the key in the head is known, of a few at once.
"""

from collections.abc import Callable

import msgspec

from tocsin.ingest import http
from tocsin.ingest.commit import Full
from tocsin.ingest.contract import LARGEST, Key
from tocsin.ingest.desk import Desk, Rejected
from tocsin.ingest.http import Answer, Receive, Scope
from tocsin.ingest.keys import Keys

AT_ONCE = 8  # bodies above 512 KB that are being read: they are held in memory

Refused = Callable[[int, int], None]  # the integration whose message was too large, and how many bytes are taken


def nobody(integration_id: int, most: int) -> None:
    """Told of refusals."""


class Bodies:
    def __init__(self, keys: Keys, refused: Refused) -> None:
        self._keys, self._refused = keys, refused
        self._large = 0  # being read

    async def read(self, desk: Desk, scope: Scope, receive: Receive) -> bytes:
        """`Rejected`, `Full`, `Unavailable`, `http.Gone`."""
        taken = 0

        async def larger() -> int:
            nonlocal taken
            if await self._owner(desk, scope) is None:
                raise Rejected(_closing(desk.unknown))
            if self._large >= AT_ONCE:
                raise Full
            taken = 1
            self._large += taken
            return desk.most

        try:
            most = min(desk.most, LARGEST) if desk.kept is None else desk.most
            return await http.read(scope, receive, most, desk.kept, larger if most < desk.most else None)
        except http.TooLarge as error:
            await self._note(desk, scope, error.beginning)
            raise Rejected(_closing(desk.too_large)) from error
        finally:
            self._large -= taken

    async def _note(self, desk: Desk, scope: Scope, beginning: bytes) -> None:
        owner = await self._owner(desk, scope, beginning)
        if owner is not None:
            self._refused(owner.integration_id, desk.most)

    async def _owner(self, desk: Desk, scope: Scope, beginning: bytes = b"") -> Key | None:
        key = await self._keys.find(desk.key(scope, beginning))
        return key if key is not None and key.kind == desk.kind else None


def _closing(answer: Answer) -> Answer:
    """What was not read of the body would be taken for the next request."""
    return msgspec.structs.replace(answer, headers=(*answer.headers, (b"connection", b"close")))
