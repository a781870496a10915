"""Prometheus rules for SLOs: what is recorded, what alerts, and the files they stand in.

Recorded names follow Prometheus's convention level:metric:operations. Files are the same for the same SLOs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from tocsin.core import promql, yaml_text
from tocsin.core.signals import Severity
from tocsin.core.slo import (
    HIGHEST_OBJECTIVE,
    LONGEST_WINDOW,
    LOWEST_OBJECTIVE,
    SHORTEST_WINDOW,
    Indicator,
    Kind,
    Pair,
    Slo,
    pairs,
    plain,
    prom,
)

RATIO = "slo:errors_per_request:ratio_rate"
REQUESTS = "slo:requests:rate"
OBJECTIVE = "slo:objective:ratio"
LEFT = "slo:error_budget:remaining_ratio"
ALERTS = {Severity.CRITICAL: "ErrorBudgetBurnsFast", Severity.WARNING: "ErrorBudgetBurnsSlowly"}
LONG_EVERY = "2m"  # how often the whole window is computed: it is dear and moves slowly
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_THRESHOLD = re.compile(r"\d{1,9}(\.\d{1,9})?([eE][+-]?\d{1,3})?")
_DAY = timedelta(days=1)


def wrong(slo: Slo) -> dict[str, str]:
    """What is wrong with it, as a sentence for each field; empty when it can be used."""
    found: dict[str, str] = {}
    if not LOWEST_OBJECTIVE <= slo.objective <= HIGHEST_OBJECTIVE:
        found["objective"] = f"The objective is between {LOWEST_OBJECTIVE} and {HIGHEST_OBJECTIVE} percent."
    if slo.window % _DAY or not SHORTEST_WINDOW * _DAY <= slo.window <= LONGEST_WINDOW * _DAY:
        found["window_days"] = f"The window is between {SHORTEST_WINDOW} and {LONGEST_WINDOW} days."
    found |= _wrong_histogram(slo.indicator) if slo.indicator.kind is Kind.LATENCY else _wrong_ratio(slo.indicator)
    if slo.least_requests and not found.get("total") and "rate(" not in total_of(slo.indicator):
        found["least_requests"] = "Requests can be counted only when the query of all requests uses rate(…)."
    return {name: text for name, text in found.items() if text}


def total_of(indicator: Indicator) -> str:
    if indicator.kind is not Kind.LATENCY:
        return promql.tidy(indicator.total)
    return f"sum(rate({indicator.histogram}_count{_braced(indicator.selector)}[$window]))"


def part_of(indicator: Indicator) -> str:
    """Good events, or bad ones when the kind is errors."""
    if indicator.kind is not Kind.LATENCY:
        return promql.tidy(indicator.part)
    within = ", ".join(filter(None, (indicator.selector.strip().rstrip(","), f'le="{indicator.threshold}"')))
    return f"sum(rate({indicator.histogram}_bucket{{{within}}}[$window]))"


def error_ratio(indicator: Indicator, window: str) -> str:
    """The share of bad events. No series of good or bad ones, while there are events, means that there were none."""
    part, total = (promql.over(promql.summed(q), window) for q in (part_of(indicator), total_of(indicator)))
    ratio = f"(\n  {part}\n  or\n  {total} * 0\n)\n/\n{total}"
    return ratio if indicator.kind is Kind.ERRORS else f"1 - {ratio}"


def rules_file(slos: Iterable[Slo]) -> str:
    """A rule file for `rule_files:`; without SLOs one with no groups, which Prometheus takes too."""
    return yaml_text.dump({"groups": [group for slo in slos for group in groups(slo)]})


def groups(slo: Slo) -> list[dict[str, object]]:
    of = pairs(slo.objective, slo.window)
    windows = sorted({window for pair in of for window in (pair.short, pair.long)})
    ratios = [_ratio(slo, window) for window in windows]
    if slo.least_requests:
        ratios += [_requests(slo, pair.long) for pair in of]
    return [
        {"name": f"slo-{slo.slug}-burn", "rules": [*ratios, *(_alert(slo, s, of) for s in _severities(of))]},
        {"name": f"slo-{slo.slug}-budget", "interval": LONG_EVERY, "rules": _budget(slo)},
    ]


def labels(slo: Slo) -> dict[str, str]:
    return {"service": slo.service, "slo": slo.slug}


def recorded(slo: Slo, window: timedelta) -> str:
    return f'{RATIO}{prom(window)}{{slo="{slo.slug}"}}'


def _ratio(slo: Slo, window: timedelta) -> dict[str, object]:
    return {"record": f"{RATIO}{prom(window)}", "expr": error_ratio(slo.indicator, prom(window)), "labels": labels(slo)}


def _requests(slo: Slo, window: timedelta) -> dict[str, object]:
    total = promql.over(promql.summed(total_of(slo.indicator)), prom(window))
    return {"record": f"{REQUESTS}{prom(window)}", "expr": total, "labels": labels(slo)}


def _budget(slo: Slo) -> list[dict[str, object]]:
    left = f"1 - {recorded(slo, slo.window)} / {plain(slo.budget)}"
    return [
        _ratio(slo, slo.window),
        {"record": OBJECTIVE, "expr": f"vector({plain(slo.objective / 100)})", "labels": labels(slo)},
        {"record": LEFT, "expr": left, "labels": labels(slo)},
    ]


def _severities(of: Sequence[Pair]) -> list[Severity]:
    return list(dict.fromkeys(pair.severity for pair in of))


def _alert(slo: Slo, severity: Severity, of: Sequence[Pair]) -> dict[str, object]:
    """One alert for all pairs of a severity, so that one burn is one page."""
    conditions = "\nor\n".join(_condition(slo, pair) for pair in of if pair.severity is severity)
    return {
        "alert": ALERTS[severity],
        "expr": conditions,
        "labels": {**labels(slo), "severity": severity.value},
        "annotations": _annotations(slo, severity),
    }


def _condition(slo: Slo, pair: Pair) -> str:
    above = f"{plain(pair.burn)} * {plain(slo.budget)}"
    lines = [f"{recorded(slo, window)} > {above}" for window in (pair.long, pair.short)]
    if slo.least_requests:
        count = int(pair.long.total_seconds())
        lines.append(f'{REQUESTS}{prom(pair.long)}{{slo="{slo.slug}"}} * {count} >= {slo.least_requests}')
    return "(\n  " + "\n  and\n  ".join(lines) + "\n)"


def _annotations(slo: Slo, severity: Severity) -> Mapping[str, str]:
    speed = "fast" if severity is Severity.CRITICAL else "slowly, but too much"
    promise = f"{plain(slo.objective)} % over {prom(slo.window)}"
    said = {
        "summary": f"{_literal(slo.service_name)}: the error budget of {_literal(slo.name)} burns {speed}",
        "description": "{{ $value | humanizePercentage }} are bad; " + f"promised are {promise} good.",
        "runbook_url": _literal(slo.runbook_url),
        "dashboard_url": _literal(slo.dashboard_url),
        "slo_url": _literal(slo.url),
    }
    return {name: text for name, text in said.items() if text}


def _literal(text: str) -> str:
    """Text that Prometheus's templates leave as it is."""
    return text.replace("{{", "{ {")


def _wrong_ratio(indicator: Indicator) -> dict[str, str]:
    return {"part": promql.wrong(indicator.part), "total": promql.wrong(indicator.total)}


def _wrong_histogram(indicator: Indicator) -> dict[str, str]:
    named = _METRIC.fullmatch(indicator.histogram)
    return {
        "histogram": "" if named else "Write the name of the histogram, as in http_request_duration_seconds.",
        "selector": promql.wrong_matchers(indicator.selector),
        "threshold": "" if _THRESHOLD.fullmatch(indicator.threshold) else "Write a bucket’s limit, as in 0.3.",
    } | ({"histogram": "Leave _bucket out of the name."} if indicator.histogram.endswith("_bucket") else {})


def _braced(selector: str) -> str:
    inner = selector.strip().rstrip(",")
    return f"{{{inner}}}" if inner else ""
