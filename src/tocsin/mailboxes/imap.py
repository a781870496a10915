"""IMAP (RFC 3501) by Python's own client, to an address that was checked, and bounded in time and memory."""

import base64
import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from tocsin.channels import http

SECURITIES = (("tls", "TLS from the start"), ("starttls", "STARTTLS"), ("none", "None: only inside your own network"))
AFTERWARDS = (("seen", "Mark it as read"), ("move", "Move it to another folder"), ("delete", "Delete it"))
LARGEST = 512 * 1024  # bytes of a mail that are read
STEP = 15.0  # seconds for each answer
_MOST = 4 * 1024 * 1024  # bytes that a server may send in one piece
_QUOTED = re.compile(rb'BODY\[\](?:<0>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Broken(Exception):
    """The mailbox cannot be used; the text says why, without a full stop."""


class Withheld(Broken):
    """One mail cannot be had, now at least. The others can."""


@dataclass(frozen=True, kw_only=True)
class Account:
    host: str
    port: int
    security: str
    user: str
    password: str
    folder: str


@contextlib.contextmanager
def opened(account: Account) -> Iterator["Folder"]:
    """Signed in, with the folder selected. `Broken`, also from what is done inside."""
    try:
        client = _Client(account)
    except (OSError, imaplib.IMAP4.error, http.Refused, http.Unreachable) as error:
        raise Broken(f"the server cannot be connected to: {_words(error)}") from error
    try:
        _sign_in(client, account)
        yield Folder(client, account.folder)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Broken(_words(error)) from error
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            client.logout()


class Folder:
    def __init__(self, client: "_Client", name: str) -> None:
        self._client = client
        answer, data = client.select(quoted(name))
        if answer != "OK":
            raise Broken(f"there is no folder “{name}”, or it cannot be opened: {_said(data)}")
        self.count = int(_said(data) or 0)
        self.validity = self._number("UIDVALIDITY")

    @property
    def last(self) -> int:
        """The number of the newest mail that there is, or was."""
        found = self._number("UIDNEXT")
        return found - 1 if found else max(self._search("ALL"), default=0)

    def after(self, uid: int) -> list[int]:
        """“n:*” always has the newest mail in it, whatever its number."""
        return sorted(found for found in self._search(f"UID {uid + 1}:*") if found > uid)

    def since(self, day: date) -> list[int]:
        return sorted(self._search(f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"))

    def unread(self) -> int:
        return len(self._search("UNSEEN"))

    def fetch(self, uid: int) -> bytes | None:
        """Without marking it as read; its beginning where it is very large. None: it is gone. `Withheld`, `Broken`."""
        try:
            answer, data = self._client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LARGEST}>)")
        except (OSError, imaplib.IMAP4.abort) as error:  # nothing more can be asked
            raise Broken(f"the connection broke while mail {uid} was fetched: {_words(error)}") from error
        except imaplib.IMAP4.error as error:  # it was answered BAD
            raise Withheld(_words(error)) from error
        if answer != "OK":
            raise Withheld(_said(data))
        return _text_of(data)

    def settle(self, uid: int, afterwards: str, move_to: str) -> None:
        """`Broken`: the mail stays as it was."""
        if afterwards == "move":
            self._move(uid, quoted(move_to))
        elif afterwards == "delete":
            self._remove(uid)
        else:
            self._do("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def _move(self, uid: int, to: str) -> None:
        if "MOVE" in self._client.capabilities:
            self._do("MOVE", str(uid), to)
            return
        self._do("COPY", str(uid), to)
        self._remove(uid)

    def _remove(self, uid: int) -> None:
        """Without UIDPLUS it is only marked: to expunge would take what others have marked with it."""
        self._do("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._client.capabilities:
            self._do("EXPUNGE", str(uid))

    def _do(self, command: str, *arguments: str) -> None:
        answer, data = self._client.uid(command, *arguments)
        if answer != "OK":
            raise Broken(f"the server does not {command.lower()} the mail: {_said(data)}")

    def _search(self, what: str) -> list[int]:
        answer, data = self._client.uid("SEARCH", what)
        if answer != "OK":
            raise Broken(f"the folder cannot be searched: {_said(data)}")
        return [int(word) for word in _said(data).split() if word.isdigit()]

    def _number(self, name: str) -> int:
        _, data = self._client.response(name)
        said = _said(data)
        return int(said) if said.isdigit() else 0


class _Client(imaplib.IMAP4):
    def __init__(self, account: Account) -> None:
        self._account = account
        super().__init__(account.host, account.port, timeout=STEP)
        imaplib.Commands.setdefault("MOVE", ("SELECTED",))
        if account.security == "starttls":
            self.starttls(ssl.create_default_context())

    def _create_socket(self, timeout: float | None) -> socket.socket:
        last: OSError | None = None
        for address in http.resolved(self._account.host, self._account.port, private=settings.ALLOW_PRIVATE):
            try:
                found = socket.create_connection((address, self._account.port), timeout)
            except OSError as error:
                last = error
            else:
                return self._secured(found)
        raise last or OSError("no address")

    def _secured(self, found: socket.socket) -> socket.socket:
        if self._account.security != "tls":
            return found
        return ssl.create_default_context().wrap_socket(found, server_hostname=self._account.host)

    def read(self, size: int) -> bytes:
        if size > _MOST:
            raise self.abort(f"the server wants to send {size} bytes at once")
        return super().read(size)


def _text_of(data: Sequence[object]) -> bytes | None:
    """A text is a literal or a quoted string; NIL is none, although there is a mail (RFC 3501 9)."""
    for part in data:
        if isinstance(part, tuple):
            return bytes(part[1])
    said = b" ".join(part for part in data if isinstance(part, bytes))
    if b"BODY[" not in said.upper():
        return None
    if found := _QUOTED.search(said):
        return re.sub(rb"\\(.)", rb"\1", found[1])
    raise Withheld("the server has no text of it")


def quoted(text: str) -> str:
    """A folder's name as IMAP has it: in modified UTF-7 (RFC 3501 5.1.3), in quotes."""
    said = re.sub(r"[^\x20-\x7e]+|&", _encoded, text)
    return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    coded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
    return f"&{coded}-"


def _sign_in(client: _Client, account: Account) -> None:
    try:
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{account.user}\0{account.password}".encode())
        else:
            client.login(_literal(account.user), account.password)
        _, data = client.capability()  # there are others after signing in
        client.capabilities = tuple(_said(data).upper().split())
    except imaplib.IMAP4.error as error:
        raise Broken(f"the server does not let {account.user} in: {_words(error)}") from error
    except UnicodeError as error:  # whose text would tell a part of the password
        raise Broken("the server takes no user name or password with letters other than ASCII") from error


def _literal(user: str) -> str:
    return '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _said(data: Sequence[object]) -> str:
    return b" ".join(part for part in data if isinstance(part, bytes)).decode(errors="replace").strip().rstrip(".")


def _words(error: BaseException) -> str:
    found = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error)
    said = found.decode(errors="replace") if isinstance(found, bytes) else found
    return said.strip().rstrip(".") or type(error).__name__
