"""Single events a second, answered after fsync, next to Alertmanager's `POST /api/v2/alerts`, which keeps them
in memory; batches of 64 alerts, sent to both as Prometheus sends them; and how long an answer takes at half the rate.

The same machine, the same load generator (wrk), the same number of connections, in turns; the ratio is the median of
the rounds'. The web process alone is measured: what the engine does with the events comes later, in its own time.
"""

import math
import statistics

from bench.side_by_side import (
    ALERT,
    CONNECTIONS,
    EVENT,
    OUR_PUSH,
    PAGERDUTY,
    THEIR_PUSH,
    alertmanager,
    load,
    need_peers,
    tocsin,
)

ROUNDS = 3
BATCH = 64
SENDERS = 16  # of batches: there are fewer Prometheus than there are alerts
USERS = 512  # at half the rate: so many connections that none waits long for its own answer
GOAL_P99 = 50.0  # ms
_TARGETS = (("sqlite", 0.8), ("postgresql", 1.0))


def run() -> dict[str, dict[str, object]]:
    need_peers()
    figures: dict[str, dict[str, object]] = {}
    for kind, target in _TARGETS:
        with tocsin(kind) as ours, alertmanager() as theirs:
            single = _compare(ours, theirs, EVENT, _batch(1))
            batch = _compare(ours, theirs, _batch(BATCH), _batch(BATCH), BATCH)
            half = _half(ours, float(str(single["ours"])))
        figures |= {
            f"ingest {kind}": single | {"unit": "events/s", "target": target},
            f"ingest batches of {BATCH} {kind}": batch | {"unit": "alerts/s", "target": 1.0},
            f"ingest p99 at half the rate {kind}": half,
        }
    return figures


def _batch(size: int) -> str:
    return f"[{','.join([ALERT] * size)}]"


def _compare(ours: str, theirs: str, our_body: str, their_body: str, size: int = 1) -> dict[str, object]:
    path = OUR_PUSH if size > 1 else PAGERDUTY
    connections = SENDERS if size > 1 else CONNECTIONS

    def rate(url: str, path: str, body: str) -> float:
        return load(url, path, body, connections=connections).rate * size

    rate(ours, path, our_body)
    rate(theirs, THEIR_PUSH, their_body)
    rounds = [(rate(ours, path, our_body), rate(theirs, THEIR_PUSH, their_body)) for _ in range(ROUNDS)]
    return {
        "ours": round(statistics.median(one for one, _ in rounds)),
        "peer": round(statistics.median(other for _, other in rounds)),
        "ratio": round(statistics.median(one / other for one, other in rounds), 2),
        "connections": connections,
    }


def _half(ours: str, most: float) -> dict[str, object]:
    """Each of many connections pauses between its requests, so that together they send half of what can be taken."""
    pause = math.ceil(USERS / (most / 2) * 1000)
    loaded = load(ours, PAGERDUTY, EVENT, connections=USERS, pause=pause)
    return {
        "ours": loaded.p99,
        "peer": GOAL_P99,
        "ratio": round(GOAL_P99 / loaded.p99, 2),
        "unit": "ms",
        "p50": loaded.p50,
        "rate": round(loaded.rate),
        "share of the rate": round(loaded.rate / most, 2),
    }
