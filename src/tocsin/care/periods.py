"""Months and quarters: “2026-03”, “2026-Q1”."""

import re
from calendar import month_name
from dataclasses import dataclass
from datetime import date, datetime, time

from tocsin.core.wall import on_wall, zone_of

_QUARTER, _MONTHS = 3, 12


@dataclass(frozen=True, kw_only=True)
class Period:
    first: date  # the first day of a month
    months: int  # 1, or 3 for a quarter

    @property
    def after(self) -> date:
        return _months_on(self.first, self.months)

    @property
    def key(self) -> str:
        if self.months == _QUARTER:
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first:%Y-%m}"

    @property
    def label(self) -> str:
        if self.months == _QUARTER:
            return f"Quarter {(self.first.month + 2) // 3} of {self.first.year}"
        return f"{month_name[self.first.month]} {self.first.year}"

    @property
    def before(self) -> "Period":
        return Period(first=_months_on(self.first, -self.months), months=self.months)

    @property
    def following(self) -> "Period":
        return Period(first=self.after, months=self.months)

    def window(self, zone: str) -> tuple[datetime, datetime]:
        """From midnight to midnight in the zone."""
        return on_wall(self.first, time(), zone_of(zone)), on_wall(self.after, time(), zone_of(zone))


def quarter_of(at: datetime, zone: str) -> Period:
    day = at.astimezone(zone_of(zone)).date()
    return Period(first=day.replace(day=1, month=day.month - (day.month - 1) % _QUARTER), months=_QUARTER)


def month_of(at: datetime, zone: str) -> Period:
    return Period(first=at.astimezone(zone_of(zone)).date().replace(day=1), months=1)


def read(text: str) -> Period | None:
    """None for anything that is not a month or a quarter between 2000 and 2100."""
    found = re.fullmatch(r"(20\d\d)-(?:Q([1-4])|(0[1-9]|1[0-2]))", text, re.ASCII)
    if found is None:
        return None
    if found[2]:
        return Period(first=date(int(found[1]), int(found[2]) * _QUARTER - 2, 1), months=_QUARTER)
    return Period(first=date(int(found[1]), int(found[3]), 1), months=1)


def _months_on(day: date, count: int) -> date:
    month = day.year * _MONTHS + day.month - 1 + count
    return date(month // _MONTHS, month % _MONTHS + 1, 1)
