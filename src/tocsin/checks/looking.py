"""One look at the target of a probe, whatever its kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tocsin.checks.configs import DNS, HTTP, TCP, TLS, ProbeConfig
from tocsin.checks.kinds import dns, http, tcp, tls
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell
from tocsin.core.probes import Finding
from tocsin.health.edges import contained

Run = Callable[[Any, str, Stopwatch, datetime], None]  # config, headers; Unwell, Blocked
_RUNS: Mapping[str, Run] = {HTTP: http.run, TCP: tcp.run, DNS: dns.run, TLS: tls.run}


def look(kind: str, config: ProbeConfig, headers: str, now: datetime) -> Finding:
    """Always an answer: what goes wrong in Tocsin itself is a finding too, so that no probe goes silent."""
    watch = Stopwatch(config.timeout)
    done = contained(lambda: _look(kind, config, headers, watch, now), "a probe failed in itself", kind=kind)
    return done.value or watch.finding("Tocsin could not look at it; its log has the reason")


def _look(kind: str, config: ProbeConfig, headers: str, watch: Stopwatch, now: datetime) -> Finding:
    try:
        _RUNS[kind](config, headers, watch, now)
    except Unwell as error:
        return watch.finding(str(error))
    except Blocked as error:
        return watch.finding(str(error), is_blocked=True)
    return watch.finding()
