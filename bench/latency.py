"""Idle: from an accepted event to its page at the provider; and how much memory the whole tree of processes takes, also
when somebody has looked at everything there is.

The real server; the provider is an HTTP receiver. The clock starts when the monitoring tool has its 202 and ends when
the receiver has read the request.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

EVENTS = 100
GOAL_P50, GOAL_P99, GOAL_MEMORY = 100.0, 500.0, 250.0  # ms, ms, MB


def run() -> dict[str, dict[str, object]]:
    return _measured("sqlite") | _measured("postgresql")


def _measured(database: str) -> dict[str, dict[str, object]]:
    """In a process of its own: the test databases are chosen when they are imported."""
    environment = {**os.environ, "TEST_DATABASE": database}
    done = subprocess.run(
        [sys.executable, "-m", "bench.latency", database], env=environment, check=True, stdout=subprocess.PIPE
    )
    figures: dict[str, dict[str, object]] = json.loads(done.stdout)
    return figures


def main(database: str) -> None:
    from tests.channels import servers  # noqa: PLC0415
    from tests.crash import beside  # noqa: PLC0415
    from tests.running import serving  # noqa: PLC0415

    from bench import visiting  # noqa: PLC0415 - only after the database is known

    with servers.receiver() as receiver, serving() as server:
        key = beside.seed(server, receiver.url)
        spans = []
        for number in range(EVENTS + 5):
            accepted = _accepted(server.url, key, f"event {number}")
            heard = receiver.wait_for(number + 1)[number]
            spans.append((heard.at - accepted) * 1000)
            time.sleep(random.uniform(0.05, 0.25))  # idle again, at any point of any poll
        memory = {"resident memory of the tree": _memory(server.process.pid)}
        looked_at = visiting.visit(server)
        memory[f"resident memory after {looked_at} pages and lists"] = _memory(server.process.pid)
    print(json.dumps(_figures(database, sorted(spans[5:]), memory)))


def _accepted(url: str, key: str, name: str) -> float:
    payload = {"summary": name, "source": "db1", "severity": "critical"}
    body = {"routing_key": key, "event_action": "trigger", "dedup_key": name, "payload": payload}
    request = urllib.request.Request(
        f"{url}/v2/enqueue", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        at = time.monotonic()
        assert answer.status == 202
        return at


def _figures(database: str, spans: list[float], memory: dict[str, dict[str, float]]) -> dict[str, dict[str, object]]:
    resident = {
        f"{name}, {database}": {
            **_against(GOAL_MEMORY, sum(parts.values()), "MB"),
            "parts": ", ".join(f"{process} {size:.0f}" for process, size in parts.items()),
        }
        for name, parts in memory.items()
    }
    return {
        f"accepted to provider p50, {database}": _against(GOAL_P50, statistics.median(spans), "ms"),
        f"accepted to provider p99, {database}": _against(GOAL_P99, spans[int(len(spans) * 0.99) - 1], "ms"),
        **resident,
    }


def _against(goal: float, ours: float, unit: str) -> dict[str, object]:
    """The peer is the goal: over 1 is better than it."""
    return {"ours": round(ours, 1), "peer": goal, "ratio": round(goal / ours, 2), "unit": unit}


def _memory(pid: int) -> dict[str, float]:
    """MB of each process of the tree; what they share is counted in each."""
    found = {"supervisor": _resident(pid)}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        found[next((w for w in ("web", "engine") if w in words), child)] = _resident(int(child))
    return found


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:")) / 1024


if __name__ == "__main__":
    main(sys.argv[1])
