"""Every address at which something is heard, with a good message for each: what a test says of all desks holds for a
new one too."""

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.ingest.amazon import TOPIC, Amazon
from tocsin import ingest
from tocsin.ingest import genie, pings
from tocsin.ingest.contract import Key, Row
from tocsin.ingest.desk import Desk
from tocsin.ingest.desks import DESKS
from tocsin.ingest.http import Headers
from tocsin.sealing import fingerprint
from tocsin.sources.registry import SOURCES

KEY = "0123456789abcdef0123456789abcdef"
AMAZON = Amazon.at()
_GENIE = ((b"authorization", b"GenieKey " + KEY.encode()),)
JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, kw_only=True)
class Address:
    desk: Desk
    path: str
    good: bytes  # a message that is taken
    method: str = "POST"
    headers: tuple[tuple[bytes, bytes], ...] = ()  # that have the key
    takes_anything: bool = False  # what is in the body means nothing, or is only kept

    @property
    def kind(self) -> str:
        return self.desk.kind

    def headers_with(self, more: Headers) -> Headers:
        return [*self.headers, *more]


def _genie(path: str, body: object, method: str = "POST") -> Address:
    return Address(desk=genie.ALERTS, path=path, good=json.dumps(body).encode(), method=method, headers=_GENIE)


def _sample(path: str, desk: Desk) -> bytes:
    if path == "/v2/change/enqueue":
        return json.dumps({"routing_key": KEY, "payload": {"summary": "deployed"}}).encode()
    if desk.kind == "sns":
        return json.dumps(AMAZON.says({"AlarmName": "Queue", "NewStateValue": "ALARM"}, subject="Queue")).encode()
    read = json.loads(SOURCES[desk.kind].sample)
    if path.startswith("/v2"):
        read["routing_key"] = KEY
    return json.dumps(read["alerts"] if path.endswith("/v2/alerts") else read).encode()


def _path(path: str) -> str:
    if path.startswith("/v2"):
        return path
    kind, _, rest = path.removeprefix("/in/").partition("/")
    return f"/in/{kind}/{KEY}" + (f"/{rest}" if rest else "")


ADDRESSES: Mapping[str, Address] = {
    **{path: Address(desk=desk, path=_path(path), good=_sample(path, desk)) for path, desk in DESKS.items()},
    "/ping": Address(desk=pings.DESK, path=f"/ping/{KEY}", good=b"done", takes_anything=True),
    "/api/push": Address(desk=pings.PUSH, path=f"/api/push/{KEY}", good=b"", takes_anything=True),
    "/v2/alerts": _genie("/v2/alerts", {"message": "Disk full", "alias": "disk", "tags": ["a"], "details": {"a": "b"}}),
    "/v2/alerts/close": _genie("/v2/alerts/disk/close", {"note": "done", "user": "ada"}),
    "/v2/alerts/tags": _genie("/v2/alerts/disk/tags", {"tags": ["a", "b"]}),
    "/v2/alerts/message": _genie("/v2/alerts/disk/message", {"message": "Disk of db1 full"}, "PUT"),
    "/v2/heartbeats": Address(
        desk=genie.HEARTBEATS, path="/v2/heartbeats/nightly/ping", good=b"", headers=_GENIE, takes_anything=True
    ),
}
SAYING = [where for where, address in ADDRESSES.items() if not address.takes_anything]


def all_desks() -> Iterator[Desk]:
    """Whatever is a desk in any module of ingest."""
    for found in pkgutil.iter_modules(ingest.__path__):
        for value in vars(importlib.import_module(f"{ingest.__name__}.{found.name}")).values():
            if isinstance(value, Desk):
                yield value
            elif isinstance(value, Mapping):
                yield from (inner for inner in value.values() if isinstance(inner, Desk))


class Memory:
    """A store without a disk: every integration has the same key."""

    at_once = 1

    def __init__(self, kind: str) -> None:
        self.kind, self.rows = kind, list[Row]()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, rows: Sequence[Row]) -> None:
        self.rows += rows

    async def has(self, receipt: str) -> bool:
        return any(row.receipt == receipt for row in self.rows)

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        topics = (TOPIC,) if self.kind == "sns" else ()
        return {
            each: Key(integration_id=1, kind=self.kind, topics=topics)
            for each in fingerprints
            if each == fingerprint(KEY)
        }
