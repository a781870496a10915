"""How urgent an alert is."""

from datetime import UTC, datetime, time

import pytest

from tocsin.core.conditions import ALWAYS, Condition
from tocsin.core.matching import parse
from tocsin.core.signals import Severity, Urgency, urgency_of
from tocsin.core.urgency import UrgencyRule, judge, next_change

OFFICE = Condition(weekdays=(0, 1, 2, 3, 4), starts=time(9), ends=time(17), zone="Europe/Berlin")
WEDNESDAY = datetime(2026, 3, 4, 9, tzinfo=UTC)
NIGHT = datetime(2026, 3, 4, 2, tzinfo=UTC)
SUNDAY = datetime(2026, 3, 8, 12, tzinfo=UTC)


def rule(text: str, urgency: Urgency, otherwise: Urgency | None = None, hours: Condition = ALWAYS) -> UrgencyRule:
    return UrgencyRule(id=1, name="r", matchers=parse(text), urgency=urgency, otherwise=otherwise, hours=hours)


DB_BY_DAY = rule('team="db"', Urgency.HIGH, Urgency.LOW, OFFICE)
DAY_ONLY = rule('team="db"', Urgency.HIGH, None, OFFICE)
ALL_LOW = rule("", Urgency.LOW)
NIGHTLY = rule("", Urgency.LOW, None, Condition(starts=time(12, 30), ends=time(6)))
INFO_PAGES = rule('severity="info"', Urgency.HIGH)


@pytest.mark.parametrize(
    ("rules", "severity", "at", "urgency"),
    [
        ([], Severity.CRITICAL, NIGHT, Urgency.HIGH),  # the shipped rule
        ([], Severity.WARNING, NIGHT, Urgency.LOW),
        ([], Severity.INFO, WEDNESDAY, Urgency.NONE),  # info never pages
        ([INFO_PAGES], Severity.INFO, WEDNESDAY, Urgency.HIGH),  # unless a rule says so
        ([INFO_PAGES], Severity.WARNING, WEDNESDAY, Urgency.LOW),
        ([DB_BY_DAY], Severity.WARNING, WEDNESDAY, Urgency.HIGH),
        ([DB_BY_DAY], Severity.CRITICAL, NIGHT, Urgency.LOW),
        ([DB_BY_DAY], Severity.CRITICAL, SUNDAY, Urgency.LOW),
        ([DAY_ONLY, ALL_LOW], Severity.CRITICAL, NIGHT, Urgency.LOW),  # outside its hours the next rule says
        ([DAY_ONLY], Severity.CRITICAL, NIGHT, Urgency.HIGH),
        ([DB_BY_DAY, ALL_LOW], Severity.CRITICAL, WEDNESDAY, Urgency.HIGH),  # the first wins
    ],
)
def test_judge(rules: list[UrgencyRule], severity: Severity, at: datetime, urgency: Urgency) -> None:
    judged = judge(rules, {"severity": severity.value, "team": "db"}, severity, at)
    assert judged.urgency is urgency


def test_the_reason_names_the_rule_and_its_hours() -> None:
    fields = {"team": "db"}
    outside = judge([DB_BY_DAY], fields, Severity.CRITICAL, NIGHT)
    hours = "Mon Tue Wed Thu Fri 09:00–17:00 Europe/Berlin"
    assert outside.reason == f"Rule “r” gives it low urgency outside its hours ({hours})."
    assert judge([ALL_LOW], fields, Severity.CRITICAL, NIGHT).reason == "Rule “r” gives it low urgency."
    assert judge([], fields, Severity.INFO, NIGHT).reason == "Info alerts have no urgency."


@pytest.mark.parametrize("severity", Severity)
def test_without_rules_it_is_the_severity(severity: Severity) -> None:
    assert judge([], {}, severity, NIGHT).urgency is urgency_of(severity)


@pytest.mark.parametrize(
    ("rules", "after", "change"),
    [
        ([], NIGHT, None),
        ([ALL_LOW], NIGHT, None),  # without hours it always says the same
        ([DB_BY_DAY], NIGHT, datetime(2026, 3, 4, 8, tzinfo=UTC)),  # nine in Berlin
        ([DB_BY_DAY], WEDNESDAY, datetime(2026, 3, 4, 16, tzinfo=UTC)),
        ([DB_BY_DAY], datetime(2026, 3, 4, 16, tzinfo=UTC), datetime(2026, 3, 5, 8, tzinfo=UTC)),  # later than that
        ([DB_BY_DAY], SUNDAY, datetime(2026, 3, 9, 8, tzinfo=UTC)),
        ([DB_BY_DAY, NIGHTLY], WEDNESDAY, datetime(2026, 3, 4, 12, 30, tzinfo=UTC)),  # the first of both
    ],
)
def test_when_what_is_open_is_judged_again(rules: list[UrgencyRule], after: datetime, change: datetime | None) -> None:
    assert next_change(rules, after) == change
