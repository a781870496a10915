"""Where mails come in: SMTP (RFC 5321), spoken by aiosmtpd on the event loop of the front door.

250 is said after the commit. Nothing is ever sent on, whoever asks: only addresses of integrations that are switched on
are taken. Everything that a stranger can make long is bounded: lines, mails, recipients, time and connections.
"""

import asyncio
import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Sequence
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin.ingest.bodies import Refused, nobody
from tocsin.ingest.commit import Full
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN, Unavailable
from tocsin.ingest.sorting import Addressee, Sorter

PATIENCE = 60.0  # seconds for a command, and for a whole mail
LONGEST = 900.0  # seconds of one connection
MOST_CONNECTIONS = 64
MOST_RECIPIENTS = 50
MOST_COMMANDS = 1000  # of one name, in one connection
MOST_BYTES = 32 * 1024 * 1024  # of one mail that is too large: it is read to its end, to be refused for good
MOST_HELD = 64 * 1024 * 1024  # bytes of all mails that are coming in
DRAIN = 8.0  # seconds that mails on their way get at the end

log = structlog.get_logger(__name__)
logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own; it writes down addresses, which hold keys

_RECEIPTS = 12  # an answer has at most 512 bytes (RFC 5321 4.5.3.1.5)
_SIZE = re.compile(r" SIZE=([0-9]{1,20})(?= |$)", re.IGNORECASE)
_BUSY = "451 4.3.0 This cannot be stored right now, and nothing is promised. Send it again."
_UNKNOWN = "550 5.1.1 No integration that is switched on has this address. Nothing is sent on from here."
_OWN = "554 5.4.6 This mail was sent by this very Tocsin. Taken in, it would go round for ever."
_LARGE = f"552 5.3.4 A mail has at most {LARGEST_KNOWN} bytes here. Nothing was stored."
_MANY = f"452 4.5.3 At most {MOST_RECIPIENTS} recipients a mail. Send the others by another."
_CROWDED = b"421 4.3.2 Too many connections. Come again in a moment.\r\n"
_ENDING = b"421 4.3.2 Tocsin is being stopped. Come again in a moment.\r\n"


class Handler:
    """What is asked at each step of the dialogue."""

    def __init__(self, sorter: Sorter) -> None:
        self._sorter = sorter

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self,
        server: "Dialogue",
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        if len(server.addressees) >= MOST_RECIPIENTS:
            return _MANY
        try:
            found = await self._sorter.addressee(address)
        except Unavailable:
            return _BUSY
        if found is None:
            return _UNKNOWN
        if server.announced > LARGEST_KNOWN:
            server.refuse([found])
            return _LARGE
        envelope.rcpt_tos.append(address)
        server.addressees.append(found)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self,
        server: "Dialogue",
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        server.is_whole = True
        raw = envelope.original_content or b""
        sender = (envelope.mail_from or "").strip("<>")
        if self._sorter.is_own(raw, sender):
            log.warning("refused a mail of our own", sender=sender)
            return _OWN
        beginning = raw[:LARGEST]  # as of a mail that is fetched by IMAP
        try:
            receipts = await self._sorter.take(beginning, sender, server.addressees)
        except (Full, Unavailable):
            return _BUSY
        return f"250 2.0.0 Taken {' '.join(receipts[:_RECEIPTS])}"

    async def handle_exception(self, error: Exception) -> str:
        log.error("a dialogue by SMTP failed", exc_info=error)
        return _BUSY


class Dialogue(SMTP):
    """One connection."""

    line_length_limit = LARGEST  # tools write lines longer than a mail may have; the size of the mail is what counts

    def __init__(self, listener: "Listener", **more: Any) -> None:  # noqa: ANN401 - aiosmtpd's own
        self.addressees: list[Addressee] = []
        self.announced = 0  # bytes of the mail that is to come
        self.is_busy = False
        self.is_whole = False  # the mail was read to its end
        self._listener = listener
        self._heard = self._unbroken = 0  # bytes since the last mail; since the last end of a line
        super().__init__(**more)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self in self._listener.dialogues:  # again, within TLS
            super().connection_made(transport)
            return
        is_welcome = len(self._listener.dialogues) < MOST_CONNECTIONS
        self._listener.dialogues.add(self)
        super().connection_made(transport)
        if not is_welcome:
            self.end(_CROWDED)
        self._last = self.loop.call_later(LONGEST, self.end, b"")

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.dialogues.discard(self)
        self._last.cancel()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._heard += len(data)
        self._unbroken = 0 if b"\n" in data else self._unbroken + len(data)
        if self.held and sum(dialogue.held for dialogue in self._listener.dialogues) > MOST_HELD:
            self.end(_CROWDED)
            return
        if self._heard > MOST_BYTES or self._unbroken > 2 * LARGEST:
            self.end(b"")
            return
        super().data_received(data)

    @property
    def held(self) -> int:
        """Bytes that are kept until the mail is complete; small ones are not counted, and too large ones not kept."""
        return self._heard if LARGEST < self._heard <= LARGEST_KNOWN else 0

    def refuse(self, addressees: Sequence[Addressee]) -> None:
        """Tell people that a mail was too large."""
        for addressee in addressees:
            self._listener.refused(addressee.integration_id, LARGEST_KNOWN)

    def end(self, said: bytes) -> None:
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(said)
            self.transport.close()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Its size is held against it when it is known whose mail it is: a stranger's is nothing to tell of."""
        found = _SIZE.search(arg or "")
        self.announced = int(found[1]) if found else 0
        await super().smtp_MAIL(arg if self.announced <= LARGEST_KNOWN else _SIZE.sub("", arg or ""))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        self.is_busy, self.is_whole, addressees = True, False, self.addressees
        try:
            await super().smtp_DATA(arg)
            if not self.is_whole and self._heard > LARGEST:
                self.refuse(addressees)
        finally:
            self.is_busy = False
            self._heard = 0
            self._listener.look()
        if self._listener.is_ending:
            self.end(b"")  # smtplib takes anything but silence or a goodbye after its mail for an error

    def _set_post_data_state(self) -> None:
        super()._set_post_data_state()  # type: ignore[no-untyped-call]
        self.addressees = []


class Listener:
    """Takes what comes by a socket that listens already."""

    def __init__(
        self,
        sorter: Sorter,
        listening: socket.socket,
        *,
        tls: ssl.SSLContext | None = None,
        refused: Refused = nobody,
    ) -> None:
        self.refused = refused
        self._sorter, self._socket, self._tls = sorter, listening, tls
        self._server: asyncio.Server | None = None
        self.dialogues: set[Dialogue] = set()
        self.is_ending = False
        self._is_quiet = asyncio.Event()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def open(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._dialogue, sock=self._socket)

    async def close(self) -> None:
        """Mails on their way are taken first; whoever only waits is told to come again."""
        self.is_ending = True
        if self._server is not None:
            self._server.close()
        for dialogue in [d for d in self.dialogues if not d.is_busy]:
            dialogue.end(_ENDING)
        self.look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_quiet.wait(), DRAIN)
        for dialogue in list(self.dialogues):
            dialogue.end(b"")

    def look(self) -> None:
        """Whether the last mail is taken."""
        if self.is_ending and not any(dialogue.is_busy for dialogue in self.dialogues):
            self._is_quiet.set()

    def _dialogue(self) -> Dialogue:
        return Dialogue(
            self,
            handler=Handler(self._sorter),
            data_size_limit=LARGEST_KNOWN,
            enable_SMTPUTF8=True,
            hostname=self._sorter.host,
            ident="ESMTP",
            tls_context=self._tls,
            timeout=PATIENCE,
            command_call_limit=MOST_COMMANDS,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
