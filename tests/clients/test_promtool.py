"""Debian's own promtool takes every file of rules and tests, and what the tests say happens."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.core.slos import ERRORS, GOOD, INDICATORS, LATENCY, slo
from tocsin.core.slo import Indicator, Slo
from tocsin.core.slo_rules import rules_file, wrong
from tocsin.core.slo_tests import RULES, unit_tests

OBJECTIVES = ("50", "90", "99", "99.95", "99.999")
DAYS = (7, 14, 28, 30, 90)


def promtool(home: Path, *arguments: str) -> str:
    found = shutil.which("promtool")
    assert found, "promtool is missing; script/setup installs it"
    done = subprocess.run([found, *arguments], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def every() -> Iterable[Slo]:
    for kind, indicator in INDICATORS.items():
        for objective in OBJECTIVES:
            for days in DAYS:
                slug = f"{kind}-{objective.replace('.', '-')}-{days}"
                fields = {
                    "slug": slug,
                    "name": "“Quick” {{ $x }} 🛒 \\ é",
                    "runbook_url": "https://wiki.example.org/x?a=b#c",
                }
                yield slo(objective, days, indicator, least_requests=days, **fields)


def test_every_rule_file_is_taken(tmp_path: Path) -> None:
    made = list(every())
    assert not any(wrong(each) for each in made)
    (tmp_path / "all.yml").write_text(rules_file(made))
    (tmp_path / "none.yml").write_text(rules_file([]))
    for each in made[::7]:
        (tmp_path / f"{each.slug}.yml").write_text(rules_file([each]))
    said = promtool(tmp_path, "check", "rules", *(path.name for path in tmp_path.iterdir()))
    assert said.count("SUCCESS") == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    "given",
    [
        slo("99.9", 30, ERRORS),  # all four pairs, as in the workbook
        slo("90", 90, GOOD),  # thresholds that a complete outage would not reach are lowered
        slo("99.95", 7, LATENCY, least_requests=500),  # the floor of 1, and the guard
    ],
    ids=lambda each: f"{each.objective} over {each.window.days} d",
)
def test_alerts_fire_when_they_should_and_reset_when_the_burn_ends(given: Slo, tmp_path: Path) -> None:
    (tmp_path / RULES).write_text(rules_file([given]))
    (tmp_path / "tests.yml").write_text(unit_tests([given]))
    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "tests.yml")


def test_a_test_fails_when_the_rules_are_too_slow(tmp_path: Path) -> None:
    given = slo("99.95", 7, LATENCY)
    late = rules_file([given]).replace("> 3.36 * 0.0005", "> 9 * 0.0005")
    (tmp_path / RULES).write_text(late)
    (tmp_path / "tests.yml").write_text(unit_tests([given]))
    with pytest.raises(AssertionError, match="FAILED"):
        promtool(tmp_path, "test", "rules", "tests.yml")


def test_no_requests_and_no_errors_are_no_burn(tmp_path: Path) -> None:
    """Without any series of errors the budget is whole; without any requests nothing is said."""
    only_good = Indicator(kind=ERRORS.kind, part=ERRORS.part, total=ERRORS.total)
    (tmp_path / RULES).write_text(rules_file([slo(indicator=only_good)]))
    (tmp_path / "tests.yml").write_text(
        """
rule_files: [slo-rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'http_requests_total{job="shop",code="200"}', values: "0+60x30"}
    promql_expr_test:
      - {expr: 'slo:error_budget:remaining_ratio', eval_time: 30m, exp_samples: [
          {labels: 'slo:error_budget:remaining_ratio{service="shop",slo="shop-availability"}', value: 1}]}
  - interval: 1m
    input_series:
      - {series: 'up{job="shop"}', values: "1x30"}
    promql_expr_test:
      - {expr: 'slo:error_budget:remaining_ratio or ALERTS', eval_time: 30m, exp_samples: []}
"""
    )
    assert "SUCCESS" in promtool(tmp_path, "test", "rules", "tests.yml")
