"""A report as CSV, for payroll and spreadsheets."""

import csv
from collections.abc import Iterator
from io import StringIO

from tocsin.care.queries import Report, Row
from tocsin.core.care import Kind

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

HEAD = (
    "period",
    "person",
    "email",
    "shifts",
    "pages",
    "pages on shift",
    "most pages in a shift",
    "wake-ups",
    "weeks over the limit",
    *(f"minutes {kind.value}" for kind in Kind),
    *(f"pay {kind.value}" for kind in Kind),
    "pay",
    "currency",
    "minutes off due",
)


def as_csv(report: Report) -> str:
    to = StringIO()
    writer = csv.writer(to)
    writer.writerow(HEAD)
    writer.writerows([_safe(cell) for cell in _cells(report, row)] for row in report.rows)
    return to.getvalue()


def _cells(report: Report, row: Row) -> Iterator[object]:
    load, due = row.load, row.due
    yield from (report.period.key, row.user.name, row.user.email)
    yield from (load.shifts, load.pages, load.pages_on_shift, load.busiest, load.woken)
    yield " ".join(week.isoformat() for week in load.flagged)
    yield from (load.minutes[kind] for kind in Kind)
    yield from (due.money[kind] for kind in Kind)
    yield from (due.total, report.terms.currency, due.minutes_off)


def _safe(cell: object) -> str:
    """A name must not be a formula to the spreadsheet that opens it."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
