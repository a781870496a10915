"""News that were overtaken: what a source said before is told from what it said last by its own clock."""

import json
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apps.hearing import NOON, Source, make_integration, minutes, states
from tocsin.alerts.models import Alert, Outcome

pytestmark = pytest.mark.django_db
LATE = "older than what is known"


@pytest.fixture(params=["alertmanager", "grafana"])
def tool(request: pytest.FixtureRequest) -> Source:
    return Source(make_integration(kind=request.param))


def webhook(status: str, starts: float, ends: float | None = None) -> bytes:
    """Minutes after noon."""
    said = {"status": status, "labels": {"alertname": "Disk"}, "fingerprint": "f0", "startsAt": _text(starts)}
    ended = "0001-01-01T00:00:00Z" if ends is None else _text(ends)
    return json.dumps({"version": "4", "alerts": [{**said, "endsAt": ended}]}).encode()


def _text(after: float) -> str:
    return (NOON + minutes(after)).isoformat().replace("+00:00", "Z")


def hear(tool: Source, body: bytes, after: float) -> list[tuple[str, str]]:
    now: datetime = NOON + minutes(after)
    tool.sends(body, now)
    tool.absorbed(now)
    return states()


def test_an_end_that_comes_after_the_next_beginning_ends_nothing(tool: Source) -> None:
    assert hear(tool, webhook("firing", 0), 0) == [("f0", "triggered")]
    assert hear(tool, webhook("firing", 5), 5) == [("f0", "triggered")]  # its end was on its way, and was overtaken
    assert hear(tool, webhook("resolved", 0, 4), 6) == [("f0", "triggered")]
    assert tool.reasons() == ["opened", "deduplicated", LATE]
    assert (
        Outcome.objects.get(reason=LATE).why
        == "This is of 04 Mar 12:04:00, the newest report of 04 Mar 12:05:00 (UTC)."
    )
    assert hear(tool, webhook("resolved", 5, 7), 8) == [("f0", "resolved")]


def test_in_their_order_they_are_two_alerts(tool: Source) -> None:
    hear(tool, webhook("firing", 0), 0)
    assert hear(tool, webhook("resolved", 0, 4), 5) == [("f0", "resolved")]
    assert hear(tool, webhook("firing", 5), 6) == [("f0", "resolved"), ("f0", "triggered")]
    assert hear(tool, webhook("resolved", 0, 4), 7) == [("f0", "resolved"), ("f0", "triggered")]  # a copy


def test_both_at_once_are_told_apart_as_well(tool: Source) -> None:
    hear(tool, webhook("firing", 0), 0)
    for body in (webhook("firing", 5), webhook("resolved", 0, 4)):
        tool.sends(body, NOON + minutes(6))
    tool.absorbed(NOON + minutes(6))
    assert states() == [("f0", "triggered")]
    assert Alert.objects.get().said_at == NOON + minutes(5)


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (9, 4),  # its own clock tells nothing
        (0, None),  # nor does it when it does not say when
    ],
)
def test_an_end_without_a_time_that_makes_sense_always_counts(tool: Source, starts: float, ends: float | None) -> None:
    hear(tool, webhook("firing", 5), 5)
    assert hear(tool, webhook("resolved", starts, ends), 6) == [("f0", "resolved")]


def test_a_clock_that_is_far_ahead_keeps_no_alert_open(tool: Source) -> None:
    hear(tool, webhook("firing", 90), 0)
    assert hear(tool, webhook("resolved", 1, 2), 2) == [("f0", "resolved")]


def test_telling_them_apart_asks_nothing_more_of_the_database(tool: Source) -> None:
    hear(tool, webhook("firing", 5), 5)
    with CaptureQueriesContext(connection) as repeats:
        hear(tool, webhook("firing", 5), 6)
    with CaptureQueriesContext(connection) as late:
        hear(tool, webhook("resolved", 0, 4), 7)
    assert len(late) <= len(repeats) + 1  # flaps of what does not only trigger
