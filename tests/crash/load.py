"""A monitoring tool that never gives up: what was not accepted is sent again until it is."""

import http.client
import json
import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Self
from urllib.parse import urlsplit


@dataclass(kw_only=True)
class Load:
    """So many senders, each with a connection of its own and a pause after every event."""

    url: str
    key: str
    alerts: tuple[str, ...] = ()  # the dedup keys that come again and again; none: every event is an alert of its own
    senders: int = 3
    pause: float = 0.05  # seconds
    accepted: list[str] = field(default_factory=list)  # dedup keys
    receipts: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # answers that should not be
    times: list[float] = field(default_factory=list)  # monotonic; when each of the accepted was
    refusals: Counter[int] = field(default_factory=Counter)  # by status; 0: no answer
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run) for _ in range(self.senders)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = self._connect()
        while not self._stop.is_set():
            key = random.choice(self.alerts) if self.alerts else uuid.uuid4().hex
            while not self._accepted(connection, key):
                if self._stop.is_set():
                    return
                sleep(0.02)
                connection.close()
            self.accepted.append(key)
            self.times.append(monotonic())
            sleep(self.pause)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)

    def _accepted(self, connection: http.client.HTTPConnection, key: str) -> bool:
        payload = {"summary": f"Alert {key}", "source": "db1", "severity": "critical"}
        body = {"routing_key": self.key, "event_action": "trigger", "dedup_key": key, "payload": payload}
        try:
            connection.request("POST", "/v2/enqueue", json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except (http.client.HTTPException, OSError):
            self.refusals[0] += 1
            return False
        if answer.status != 202:
            self.refusals[answer.status] += 1
        if answer.status not in {202, 429, 503}:
            self.odd.append(f"{answer.status} {text[:200]!r}")
        if answer.status == 202:
            self.receipts.append(answer.headers["tocsin-receipt"])
        return answer.status == 202
