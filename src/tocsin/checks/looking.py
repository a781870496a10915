"""One look at the target of a probe, whatever its kind."""

import importlib
from datetime import datetime
from functools import cache
from types import ModuleType

from tocsin.checks.configs import ProbeConfig
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell
from tocsin.core.probes import Finding
from tocsin.health.edges import contained


def look(kind: str, config: ProbeConfig, headers: str, now: datetime) -> Finding:
    """Always an answer: what goes wrong in Tocsin itself is a finding too, so that no probe goes silent."""
    contained(lambda: _kind(kind), "a probe cannot be loaded", kind=kind)  # before its time runs
    watch = Stopwatch(config.timeout)
    done = contained(lambda: _look(kind, config, headers, watch, now), "a probe failed in itself", kind=kind)
    return done.value or watch.finding("Tocsin could not look at it; its log has the reason")


def _look(kind: str, config: ProbeConfig, headers: str, watch: Stopwatch, now: datetime) -> Finding:
    try:
        _kind(kind).run(config, headers, watch, now)
    except Unwell as error:
        return watch.finding(str(error))
    except Blocked as error:
        return watch.finding(str(error), is_blocked=True)
    return watch.finding()


@cache
def _kind(name: str) -> ModuleType:
    """Its `run` takes the config, headers, the watch and the moment, and raises `Unwell` or `Blocked`. Each is loaded
    when the first of its kind is due: they bring some megabytes with them."""
    return importlib.import_module(f"tocsin.checks.kinds.{name}")
