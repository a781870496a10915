"""A storm: 100,000 events of 500 alerts over five services, against the real server, as fast as one sender can.

What counts: the page of each affected service leaves within 2 s of the first event, it is the only one, and every
event is in an alert at the end.
"""

import asyncio
import collections
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

EVENTS, ALERTS, SERVICES, CONNECTIONS = 100_000, 500, 5, 64
GOAL_FIRST = 2.0  # seconds
PATIENCE = 300.0  # seconds until everything must be absorbed


def run() -> dict[str, dict[str, object]]:
    return _measured("sqlite") | _measured("postgresql")


def _measured(database: str) -> dict[str, dict[str, object]]:
    """In a process of its own: the test databases are chosen when they are imported."""
    environment = {**os.environ, "TEST_DATABASE": database}
    done = subprocess.run(
        [sys.executable, "-m", "bench.storm", database], env=environment, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, dict[str, object]] = json.loads(done.stdout)
    return figures


def main(database: str) -> None:
    from tests.channels import servers  # noqa: PLC0415 - only after the database is known
    from tests.crash import beside  # noqa: PLC0415
    from tests.running import serving  # noqa: PLC0415

    with servers.receiver() as receiver, serving() as server:
        keys = beside.seed_services(server, receiver.url, SERVICES)
        began = time.monotonic()
        sent = asyncio.run(_send(server.url, keys))
        sending = time.monotonic() - began
        receiver.wait_for(SERVICES, PATIENCE)
        seen = beside.inspect(server.environ, f"within={PATIENCE:.0f}")
        absorbing = time.monotonic() - began
        paged = [(json.loads(h.body)["data"]["service"], h.at - began) for h in receiver.heard]
        pages = collections.Counter(service for service, _ in paged)
    events, keys_seen = seen["events"], seen["dedup_keys"]
    assert events == {"absorbed": sent}, events
    assert isinstance(keys_seen, list)
    assert len(set(keys_seen)) == ALERTS, len(set(keys_seen))
    figures = {
        f"storm, every service paged after, {database}": {
            "ours": round(max(at for _, at in paged), 2), "first": round(min(at for _, at in paged), 2),
            "target": GOAL_FIRST, "unit": "s",
        },
        f"storm, pages, {database}": {
            "ours": sum(pages.values()), "peer": SERVICES, "ratio": SERVICES / sum(pages.values()), "unit": "pages",
            "by service": dict(pages), "events": sent, "sent at": f"{sent / sending:.0f}/s",
            "absorbed at": f"{sent / absorbing:.0f}/s",
        },
    }  # fmt: skip
    print(json.dumps(figures))


async def _send(url: str, keys: list[str]) -> int:
    """How many were accepted: all, or the benchmark ends."""
    bodies = iter(_bodies(keys))
    return sum(await asyncio.gather(*(_sender(url, bodies) for _ in range(CONNECTIONS))))


async def _sender(url: str, bodies: Iterator[bytes]) -> int:
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    count = 0
    for body in bodies:
        writer.write(
            b"POST /v2/enqueue HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 429 " in head.split(b"\r\n")[0]:
            sys.exit("the storm was throttled")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        assert b" 202 " in head.split(b"\r\n")[0], head
        count += 1
    writer.close()
    return count


def _bodies(keys: list[str]) -> Iterator[bytes]:
    for number in range(EVENTS):
        alert = number % ALERTS
        payload = {"summary": f"Node {alert} is down", "source": f"node{alert}", "severity": "critical"}
        event = {
            "routing_key": keys[alert % SERVICES],
            "event_action": "trigger",
            "dedup_key": f"node-{alert}",
            "payload": payload,
        }
        yield json.dumps(event).encode()


if __name__ == "__main__":
    main(sys.argv[1])
