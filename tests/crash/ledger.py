"""What a careful client knows: what it asked for, and what was taken."""

import http.client
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import sleep, time
from typing import NamedTuple
from urllib.parse import urlsplit

AGAIN = 0.03  # seconds until something that was not taken is sent again
NOT_NOW = frozenset({429, 503})  # it may be sent again


class Kind(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    RESOLVE = "resolve"


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that was taken. Between the two moments, which are seconds since 1970, it was committed."""

    kind: Kind
    asked: float  # the first time
    taken: float
    attempts: int = 1  # each of which may have been committed without an answer
    via: str = "events"  # events, api, link, beside
    lasts: float | None = None  # seconds that an answer lasts: then it pages again
    receipt: str = ""


@dataclass(kw_only=True)
class Ledger:
    """By dedup key: what was taken, in its order. Each key has one thread that writes."""

    acts: dict[str, list[Act]] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)  # by key: the policy that its alerts page by

    def write(self, key: str, act: Act) -> None:
        self.acts.setdefault(key, []).append(act)

    def receipts(self) -> dict[str, str]:
        """The key of each event that was taken; `!` before it where it may have come twice."""
        return {
            act.receipt: key if act.attempts == 1 or act.kind is Kind.TRIGGER else f"!{key}"
            for key, acts in self.acts.items()
            for act in acts
            if act.receipt
        }

    @property
    def taken(self) -> int:
        return sum(len(acts) for acts in self.acts.values())


class Answered(NamedTuple):
    asked: float
    taken: float
    attempts: int
    headers: Mapping[str, str]  # names in lower case


@dataclass(kw_only=True)
class Client:
    """Never gives up: what was not answered, or not now, is sent again, word for word. One thread's own."""

    url: str
    odd: list[str]  # answers that should not be
    _connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        asked, attempts = time(), 0
        while True:
            attempts += 1
            status, said, text = self._once(path, body, headers)
            if 200 <= status < 400:
                return Answered(asked, time(), attempts, said)
            if status and status not in NOT_NOW:
                self.odd.append(f"{path} {status} {text[:300]!r}")
                assert status >= 500, self.odd[-1]  # the same would be refused again and again
            sleep(AGAIN)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(self.url)
        if self._connection is None:
            self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            self._connection.request("POST", path, body, dict(headers))
            answer = self._connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self.close()
            return 0, {}, b""
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def chance_for(seed: int, *names: object) -> random.Random:
    """A source of chance of one's own that the seed tells again."""
    return random.Random(f"{seed} {' '.join(map(str, names))}")


def fresh_key(chance: random.Random) -> str:
    return uuid.UUID(int=chance.getrandbits(128), version=4).hex


def event(routing_key: str, kind: Kind, key: str) -> bytes:
    body: dict[str, object] = {"routing_key": routing_key, "event_action": str(kind), "dedup_key": key}
    if kind is Kind.TRIGGER:
        body["payload"] = {"summary": f"Alert {key}", "source": "db1", "severity": "critical"}
    return json.dumps(body).encode()
