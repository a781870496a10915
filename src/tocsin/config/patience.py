"""How long a request may take to come in. Connections that say half of one and then nothing would use up all there are.

uvicorn knows a limit only between two requests. Here head and body have half a minute together, and longer only while
they come at some speed, so that slow lines can send large bodies: Apache's `RequestReadTimeout … MinRate` is the model.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tocsin.ingest import http

PATIENCE = 30.0  # seconds
SPEED = 16 * 1024  # bytes a second that a body has to come by, after that

TOO_SLOW = http.problem(
    408, "Too slow", "The request did not come to its end in time. Nothing of it was stored. Send it again."
)


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    patience = PATIENCE

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._is_inside = False  # a request that goes the ordinary way, and has not been read to its end
        self._has_head = False  # that request
        self._heard = 0  # bytes of its body
        self._since = 0.0  # on the loop's clock
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._deadline is None and self.timeout_keep_alive_task is None and self._is_between():
            self._expect()  # empty lines are no request, and have ended the wait for one

    def _is_between(self) -> bool:
        return not self._is_inside and (self.cycle is None or self.cycle.response_complete) and not self.pipeline

    def on_message_begin(self) -> None:
        self._is_inside, self._has_head, self._heard = True, False, 0
        self._expect()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._heard += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_inside = False
        self._expect_no_more()
        super().on_message_complete()

    def _expect(self) -> None:
        """A whole request, from now on."""
        self._expect_no_more()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(self.patience, self._look)

    def _expect_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _look(self) -> None:
        left = self._since + self.patience + self._heard / SPEED - self.loop.time()
        if left > 0:
            self._deadline = self.loop.call_later(left, self._look)
            return
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._is_inside and self._may_be_told():
            self.transport.write(http.wire(TOO_SLOW, is_last=True))
        self.transport.close()

    def _may_be_told(self) -> bool:
        """Whether the next answer on this connection is the one to the request that does not come to its end."""
        if self.pipeline or self.cycle is None:
            return not self.pipeline
        return not self.cycle.response_started if self._has_head else self.cycle.response_complete
