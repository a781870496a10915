"""Where pages really arrive: a webhook, an ntfy server, a mailbox; by the alert that they are about."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic, sleep, time

from tests.channels.servers import Heard, Mailbox, Receiver

ADA, GONE, BEN, OLGA = "Ada's webhook", "Ben's webhook, which is gone", "Ben's mailbox", "Olga's ntfy"
PATHS = {"/ada": ADA, "/gone": GONE, "/": OLGA}
LOOK = 0.02  # seconds between two looks
_KEY = re.compile(r"Alert ([0-9a-f]{32})")
_LINK = re.compile(r"http://[^\s\"]+/ack/[^\s\"]+/")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    whom: str
    at: float  # seconds since 1970
    same: str  # what is the same when the page is sent again
    link: str  # by which it is acknowledged
    group: int = 0  # where the channel tells it


@dataclass(kw_only=True)
class Inbox:
    receiver: Receiver
    mailbox: Mailbox
    _by_key: dict[str, list[Arrival]] = field(default_factory=dict)
    _read: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _epoch: float = field(default_factory=lambda: time() - monotonic())

    def of(self, key: str) -> list[Arrival]:
        """All that has come about an alert, also what came again."""
        with self._lock:
            self._catch_up()
            return list(self._by_key.get(key, ()))

    def pages_of(self, key: str) -> list[Arrival]:
        """Each once, when it first came; not those that were refused."""
        first: dict[tuple[str, str], Arrival] = {}
        for arrival in self.of(key):
            first.setdefault((arrival.whom, arrival.same), arrival)
        return [arrival for arrival in first.values() if arrival.whom != GONE]

    def wait_for(self, key: str, is_there: Callable[[list[Arrival]], bool], within: float) -> list[Arrival]:
        end = monotonic() + within
        while not is_there(found := self.pages_of(key)) and monotonic() < end:
            sleep(LOOK)
        return found

    @property
    def again(self) -> int:
        """How often something came once more."""
        with self._lock:
            self._catch_up()
            came = Counter((a.whom, a.same) for arrivals in self._by_key.values() for a in arrivals)
        return sum(count - 1 for count in came.values())

    def _catch_up(self) -> None:
        for key, arrival in self._news():
            self._by_key.setdefault(key, []).append(arrival)

    def _news(self) -> Iterator[tuple[str, Arrival]]:
        heard = self.receiver.heard[self._read["heard"] :]
        self._read["heard"] += len(heard)
        for one in heard:
            yield self._by_http(one)
        mails = self.mailbox.mails[self._read["mails"] :]
        for mail in mails:
            at = self.mailbox.times[self._read["mails"]] + self._epoch
            self._read["mails"] += 1
            body = mail.get_body(("plain",))
            text = str(body.get_content()) if body else ""
            same = str(mail["Message-ID"])
            yield _key(str(mail["Subject"])), Arrival(whom=BEN, at=at, same=same, link=_link(text))

    def _by_http(self, heard: Heard) -> tuple[str, Arrival]:
        body, whom = json.loads(heard.body), PATHS[heard.path]
        same = body["sequence_id"] if whom == OLGA else heard.headers["idempotency-key"]
        link = _link(heard.body.decode())
        group = int(body["data"]["group_id"]) if "data" in body else 0
        return _key(body["title"]), Arrival(whom=whom, at=heard.at + self._epoch, same=same, link=link, group=group)


def _key(title: str) -> str:
    found = _KEY.search(title)
    assert found is not None, title
    return found[1]


def _link(text: str) -> str:
    found = _LINK.search(text)
    return found[0] if found else ""
