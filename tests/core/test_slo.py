"""Burn rates: what table 5-8 of the SRE workbook says, and what holds for every objective and window."""

from datetime import timedelta
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.core.slos import ERRORS, GOOD, LATENCY, slo
from tocsin.core import slo_rules, slo_tests
from tocsin.core.signals import Severity
from tocsin.core.slo import (
    HIGHEST_OBJECTIVE,
    LOWEST_OBJECTIVE,
    Indicator,
    Kind,
    budget_left,
    detect_after,
    detection,
    detections,
    pairs,
    prom,
    reset_after,
    spent,
)

OBJECTIVES = st.decimals(LOWEST_OBJECTIVE, HIGHEST_OBJECTIVE, places=3)
WINDOWS = st.integers(7, 90).map(lambda days: timedelta(days=days))


@pytest.mark.parametrize(
    ("objective", "days", "burns"),
    [
        # the workbook's own table, and the pair for a day
        ("99.9", 30, {"1h": "14.4", "6h": "6", "1d": "3", "3d": "1"}),
        # the same shares of a shorter window; below 1 nothing would be exhausted
        ("99.9", 28, {"1h": "13.44", "6h": "5.6", "1d": "2.8", "3d": "1"}),
        ("99.9", 90, {"1h": "43.2", "6h": "18", "1d": "9", "3d": "3"}),
        # three days at 1 would say no more than one day at 1
        ("99.9", 7, {"1h": "3.36", "6h": "1.4", "1d": "1"}),
        # a complete outage burns 10 times: 14.4 could never be reached
        ("90", 30, {"1h": "9", "6h": "6", "1d": "3", "3d": "1"}),
        # nor could 43.2, 18 and 9 be told apart
        ("90", 90, {"1h": "9", "3d": "3"}),
        ("50", 30, {"1h": "1.8", "3d": "1"}),
    ],
)
def test_burn_rates_follow_from_the_share_of_the_budget(objective: str, days: int, burns: dict[str, str]) -> None:
    found = pairs(Decimal(objective), timedelta(days=days))
    assert {prom(pair.long): pair.burn for pair in found} == {name: Decimal(burn) for name, burn in burns.items()}
    assert all(pair.short * 12 == pair.long for pair in found)


@given(OBJECTIVES, WINDOWS)
def test_every_threshold_can_be_reached_and_the_faster_is_the_higher(objective: Decimal, window: timedelta) -> None:
    found = pairs(objective, window)
    budget = 1 - objective / 100
    burns = [pair.burn for pair in found]
    assert burns == sorted(set(burns), reverse=True)
    assert all(burn >= 1 and 0 < pair.threshold(budget) < 1 for burn, pair in zip(burns, found, strict=True))
    assert found[0].severity is Severity.CRITICAL
    assert [pair.severity for pair in found] == sorted(pair.severity for pair in found)  # pages, then tickets


@given(OBJECTIVES, WINDOWS)
def test_a_burn_of_one_exhausts_the_budget_exactly_at_the_end_of_the_window(
    objective: Decimal, window: timedelta
) -> None:
    assert spent(Decimal(1), window, window) == 1
    found = detection(pairs(objective, window), Decimal(1), window)
    assert found.exhausts_after == window
    assert (found.page_after, found.ticket_after) == (None, None)  # on the way it promises, nothing is said


@given(OBJECTIVES, WINDOWS, st.decimals(Decimal("1.01"), 1000, places=2))
def test_what_burns_faster_is_told_sooner_and_before_the_budget_is_gone(
    objective: Decimal, window: timedelta, burn: Decimal
) -> None:
    found = pairs(objective, window)
    slower, faster = detection(found, burn, window), detection(found, burn * 2, window)
    for pair in found:
        told = detect_after(pair, burn)
        assert (told is None) == (burn <= pair.burn)
        assert told is None or told <= pair.long
    if slower.spent is not None:
        assert slower.spent < 1
        assert faster.spent is not None
        assert faster.spent <= slower.spent + 0.001


@given(OBJECTIVES, WINDOWS, st.decimals(1, 1000, places=2), st.integers(1, 5000))
def test_an_alert_ends_within_the_longest_short_window(
    objective: Decimal, window: timedelta, burn: Decimal, minutes: int
) -> None:
    found = pairs(objective, window)
    assert reset_after(found, burn, timedelta(minutes=minutes)) < found[-1].short


def test_a_complete_outage_pages_within_minutes() -> None:
    outage, *slower = detections(slo())
    assert outage.burn == 1000
    assert outage.page_after == timedelta(seconds=51.84)
    assert outage.spent == pytest.approx(0.02)
    assert [d.burn for d in slower] == [Decimal(b) for b in ("100", "20", "10", "5", "2", "1.5", "1")]
    assert [d.page_after is None for d in slower] == [False, False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("ratio", "left"),
    [(0, 1), (0.0005, 0.5), (0.001, 0), (0.002, -1)],  # of 0.1 %
)
def test_the_budget_left_goes_below_nothing_when_more_was_spent(ratio: float, left: float) -> None:
    assert budget_left(ratio, slo().budget) == pytest.approx(left)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (slo("100"), "objective"),
        (slo("49"), "objective"),
        (slo(days=6), "window_days"),
        (slo(days=91), "window_days"),
        (slo(indicator=Indicator(kind=Kind.ERRORS, part="", total="rate(x[$window])")), "part"),
        (slo(indicator=Indicator(kind=Kind.GOOD, part="rate(x[$window])", total="rate(x[5m])")), "total"),
        (slo(indicator=Indicator(kind=Kind.LATENCY, histogram="a b", threshold="1")), "histogram"),
        (slo(indicator=Indicator(kind=Kind.LATENCY, histogram="a_bucket", threshold="1")), "histogram"),
        (slo(indicator=Indicator(kind=Kind.LATENCY, histogram="a", threshold="soon")), "threshold"),
        (slo(indicator=Indicator(kind=Kind.LATENCY, histogram="a", threshold="1", selector="x")), "selector"),
        (
            slo(least_requests=9, indicator=Indicator(kind=Kind.GOOD, part="a[$window]", total="b[$window]")),
            "least_requests",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_beside_its_field(given: slo_rules.Slo, field: str) -> None:
    found = slo_rules.wrong(given)
    assert list(found) == [field]
    assert found[field].endswith(".")


def test_what_can_be_used_has_nothing_wrong() -> None:
    assert [slo_rules.wrong(slo(indicator=each)) for each in (ERRORS, GOOD, LATENCY)] == [{}, {}, {}]


def test_rules_are_recorded_for_every_window_and_alert_once_for_each_severity() -> None:
    made = yaml.safe_load(slo_rules.rules_file([slo(runbook_url="https://wiki.example.org/shop")]))
    burn, budget = made["groups"]
    assert [rule.get("record", rule.get("alert")) for rule in burn["rules"]] == [
        *(f"slo:errors_per_request:ratio_rate{w}" for w in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")),
        "ErrorBudgetBurnsFast",
        "ErrorBudgetBurnsSlowly",
    ]
    assert all(rule["labels"]["slo"] == "shop-availability" for group in made["groups"] for rule in group["rules"])
    fast = burn["rules"][-2]
    assert fast["labels"] == {"service": "shop", "slo": "shop-availability", "severity": "critical"}
    assert fast["annotations"]["runbook_url"] == "https://wiki.example.org/shop"
    assert fast["expr"].count("> 14.4 * 0.001") == 2
    assert budget["rules"][-1]["expr"] == ('1 - slo:errors_per_request:ratio_rate30d{slo="shop-availability"} / 0.001')


def test_names_are_no_templates_of_prometheus() -> None:
    made = slo_rules.rules_file([slo(service_name='Shop {{ query "up" }} "EU" 🛒')])
    summary = yaml.safe_load(made)["groups"][0]["rules"][-1]["annotations"]["summary"]
    assert summary.startswith('Shop { { query "up" }} "EU" 🛒:')


def test_few_requests_can_be_left_out() -> None:
    rules = yaml.safe_load(slo_rules.rules_file([slo(least_requests=500)]))["groups"][0]["rules"]
    assert "slo:requests:rate1h" in [rule.get("record") for rule in rules]
    assert 'slo:requests:rate1h{slo="shop-availability"} * 3600 >= 500' in rules[-2]["expr"]


@pytest.mark.parametrize(
    ("indicator", "names"),
    [
        (ERRORS, ["http_requests_total{code=", "http_requests_total{code="]),
        (GOOD, ["http_requests_total{code=", "http_requests_total{code="]),
        (LATENCY, ['http_request_duration_seconds_bucket{job="shop",le="0.3"}', "http_request_duration_seconds_count"]),
    ],
)
def test_series_are_made_from_the_selectors(indicator: Indicator, names: list[str]) -> None:
    made = slo_tests.series(slo(indicator=indicator))
    assert all(each.name.startswith(name) for each, name in zip(made, names, strict=True)), made
    assert any(each.has_good for each in made)
    assert any(each.has_bad for each in made)


@pytest.mark.parametrize(
    ("part", "total"),
    [
        ("sum(rate(a[$window])) - sum(rate(b[$window]))", "rate(a[$window])"),  # reads two
        ("sum_over_time(probe_success[$window])", "count_over_time(probe_success[$window])"),  # no labels to tell by
    ],
)
def test_queries_that_no_series_can_be_made_for_say_so(part: str, total: str) -> None:
    given = slo(indicator=Indicator(kind=Kind.GOOD, part=part, total=total))
    assert not slo_rules.wrong(given)
    with pytest.raises(slo_tests.Untestable, match="No tests can be made for Availability"):
        slo_tests.unit_tests([given])
