"""Unit tests for promtool: each pair of windows fires when it should, resets when the burn ends, and is else silent.

The series are made from the selectors of the queries, so that the recording rules are tested as well. What
fires is tested after good times that fill every window of its alert, as else a first burn would fill them at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from tocsin.core import promql, yaml_text
from tocsin.core.promql import Selector
from tocsin.core.signals import Severity
from tocsin.core.slo import Kind, Pair, Slo, detect_after, pairs, plain, prom, reset_after
from tocsin.core.slo_rules import ALERTS, labels, part_of, total_of

RULES = "slo-rules.yml"  # the file that is tested, beside the tests
_STEP = timedelta(minutes=10)  # how often promtool evaluates
_SCRAPE = timedelta(minutes=1)
_SLOW_SCRAPE = timedelta(minutes=30)  # where windows are days: fewer samples, the same answers
_ABOVE, _BELOW, _FULL = Decimal("1.25"), Decimal("0.95"), Decimal("0.99")
_LASTS = 1.25  # of the long window
_MARGIN = 0.1  # of the long window: how exactly the time of an alert is tested
_EVENTS = 1_000_000  # a minute


class Untestable(Exception):
    """No series can be made for the queries of this SLO; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Good times, a burn, good times: what is fed in, and when the alert fires."""

    name: str
    severity: Severity
    good: timedelta
    burn: Decimal
    lasts: timedelta
    after: timedelta
    checks: tuple[tuple[timedelta, bool], ...]  # since the beginning; whether it fires

    @property
    def scrape(self) -> timedelta:
        return _scrape(self.severity)


@dataclass(frozen=True, kw_only=True)
class Series:
    name: str  # as a selector that finds it alone
    has_good: bool  # counts good events
    has_bad: bool


def unit_tests(slos: Iterable[Slo]) -> str:
    """For a rule file called `RULES` beside it. `Untestable` when no series can be made for one of them."""
    tests = [test for slo in slos for test in tests_of(slo)]
    return yaml_text.dump({"rule_files": [RULES], "evaluation_interval": prom(_STEP), "tests": tests})


def tests_of(slo: Slo) -> list[dict[str, object]]:
    made = series(slo)
    return [_test(slo, story, made) for story in stories(slo)]


def stories(slo: Slo) -> Iterator[Story]:
    of = pairs(slo.objective, slo.window)
    for index, pair in enumerate(of):
        faster = of[index - 1].burn if index else None
        yield _fires(pair, [p for p in of if p.severity is pair.severity], _burn_above(pair, faster, slo.budget))
    for severity in dict.fromkeys(pair.severity for pair in of):
        yield _stays_silent([p for p in of if p.severity is severity][-1])


def series(slo: Slo) -> list[Series]:
    """The counters that the queries read. `Untestable` when that cannot be told from them."""
    part, total = promql.selector(part_of(slo.indicator)), promql.selector(total_of(slo.indicator))
    if part is None or total is None:
        raise Untestable(
            f"No tests can be made for {slo.name}: they are made from queries that read one metric with [$window] each."
        )
    is_good = slo.indicator.kind is not Kind.ERRORS
    if part.metric != total.metric:
        return [_named(slo, part, is_good, not is_good), _named(slo, total, True, True)]  # noqa: FBT003
    return _split(slo, part, total, is_good=is_good)


def _split(slo: Slo, part: Selector, total: Selector, *, is_good: bool) -> list[Series]:
    inside, outside = promql.shared(part, total), promql.example(total, but_not=part)
    if inside is None or outside is None:
        raise Untestable(
            f"No tests can be made for {slo.name}: its queries name no labels that tell good events from bad ones."
        )
    return [
        Series(name=_written(total.metric, inside), has_good=is_good, has_bad=not is_good),
        Series(name=_written(total.metric, outside), has_good=not is_good, has_bad=is_good),
    ]


def _named(slo: Slo, of: Selector, has_good: bool, has_bad: bool) -> Series:  # noqa: FBT001
    found = promql.example(of)
    if found is None:
        raise Untestable(
            f"No tests can be made for {slo.name}: no labels were found that its query of {of.metric} takes."
        )
    return Series(name=_written(of.metric, found), has_good=has_good, has_bad=has_bad)


def _written(metric: str, found: dict[str, str]) -> str:
    inner = ",".join(f"{name}={yaml_text.quoted(value)}" for name, value in sorted(found.items()) if value)
    return f"{metric}{{{inner}}}" if inner else metric


def _burn_above(pair: Pair, faster: Decimal | None, budget: Decimal) -> Decimal:
    """Just above the threshold, below the next faster one, and possible."""
    wanted = min(pair.burn * _ABOVE, _FULL / budget)
    return wanted if faster is None else min(wanted, (pair.burn + faster) / 2)


def _fires(pair: Pair, same: list[Pair], burn: Decimal) -> Story:
    lasts, good = _up(pair.long * _LASTS), _up(same[-1].long)
    fires = min(found for p in same if (found := detect_after(p, burn)) is not None)
    quiet = _up(reset_after(same, burn, lasts) + 2 * _scrape(pair.severity))
    margin = pair.long * _MARGIN
    checks = (
        (good, False),
        (good + max(_down(fires - margin), timedelta()), False),
        (good + _up(fires + margin), True),
        (good + lasts, True),
        (good + lasts + quiet, False),
    )
    name = f"{plain(burn)} times the budget fires {prom(pair.long)}/{prom(pair.short)} and resets"
    return Story(
        name=name, severity=pair.severity, good=good, burn=burn, lasts=lasts, after=quiet + _SLOW_SCRAPE, checks=checks
    )


def _stays_silent(slowest: Pair) -> Story:
    """From the first sample on: the windows have seen nothing else."""
    burn, good, lasts = slowest.burn * _BELOW, timedelta(), min(_up(slowest.long), timedelta(days=1))
    steps = (slowest.short, lasts / 2, lasts)
    return Story(
        name=f"{plain(burn)} times the budget is no {slowest.severity.value}",
        severity=slowest.severity,
        good=good,
        burn=burn,
        lasts=lasts,
        after=_SLOW_SCRAPE,
        checks=tuple((good + _up(step), False) for step in steps),
    )


def _test(slo: Slo, story: Story, of: list[Series]) -> dict[str, object]:
    return {
        "name": f"{slo.slug}: {story.name}",
        "interval": prom(story.scrape),
        "input_series": [{"series": each.name, "values": _values(slo, story, each)} for each in of],
        "promql_expr_test": [_check(slo, story, at, fires=fires) for at, fires in dict.fromkeys(story.checks)],
    }


def _values(slo: Slo, story: Story, of: Series) -> str:
    """A counter in promtool's shorthand: a+bxn is a, a+b … a+n×b."""
    events = Decimal(max(_EVENTS, slo.least_requests) * (story.scrape // timedelta(minutes=1)))
    bad = story.burn * slo.budget if of.has_bad else Decimal(0)
    calm = events if of.has_good else Decimal(0)
    burning = events * ((1 - story.burn * slo.budget) if of.has_good else 0) + events * bad
    counts = [story.good // story.scrape, story.lasts // story.scrape, story.after // story.scrape]
    before, during = calm * counts[0], calm * counts[0] + burning * counts[1]
    return " ".join(
        (
            _run(Decimal(0), calm, counts[0]),
            _run(before + burning, burning, counts[1] - 1),
            _run(during + calm, calm, counts[2] - 1),
        )
    )


def _run(start: Decimal, by: Decimal, count: int) -> str:
    return f"{plain(start)}+{plain(by)}x{count}"


def _check(slo: Slo, story: Story, at: timedelta, *, fires: bool) -> dict[str, object]:
    alert = ALERTS[story.severity]
    named = {"alertname": alert, "alertstate": "firing", **labels(slo), "severity": story.severity.value}
    sample = {"labels": _written("ALERTS", named), "value": 1}
    return {
        "expr": f'ALERTS{{alertname="{alert}",alertstate="firing",slo="{slo.slug}"}}',
        "eval_time": prom(at),
        "exp_samples": [sample] if fires else [],
    }


def _scrape(severity: Severity) -> timedelta:
    return _SCRAPE if severity is Severity.CRITICAL else _SLOW_SCRAPE


def _up(length: timedelta) -> timedelta:
    return -(-length // _STEP) * _STEP


def _down(length: timedelta) -> timedelta:
    return length // _STEP * _STEP
