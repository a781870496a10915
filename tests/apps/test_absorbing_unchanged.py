"""What says the same again is only counted; whatever is new in it is kept."""

import copy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apps.hearing import NOON, Source, make_integration, make_service, minutes
from tocsin.alerts.models import Alert, AlertGroup

pytestmark = pytest.mark.django_db

SAID: dict[str, object] = {
    "event_action": "trigger",
    "dedup_key": "disk",
    "payload": {
        "summary": "Disk is full",
        "source": "db1",
        "severity": "error",
        "component": "sda",
        "custom_details": {"free": "1 GB"},
    },
    "links": [{"href": "https://wiki.example.org/disk", "text": "Runbook"}],
    "images": [{"src": "https://graphs.example.org/disk.png"}],
}
FIELDS = ("summary", "source", "severity", "component", "details", "links", "images")
NEWS = [
    ("payload", "summary", "Disk is nearly full"),
    ("payload", "source", "db2"),
    ("payload", "severity", "critical"),
    ("payload", "component", "sdb"),
    ("payload", "custom_details", {"free": "0 GB"}),
    ("payload", "custom_details", {}),
    ("links", 0, {"href": "https://wiki.example.org/disk", "text": "What to do"}),
    ("images", 0, {"src": "https://graphs.example.org/free.png"}),
]


@pytest.fixture
def tool() -> Source:
    return Source(make_integration(make_service()))


def said() -> tuple[object, ...]:
    return Alert.objects.values_list(*FIELDS).get()


@pytest.mark.parametrize(("part", "name", "value"), NEWS)
def test_whatever_is_new_is_kept_and_so_is_its_return(tool: Source, part: str, name: str | int, value: object) -> None:
    tool.says(SAID)
    tool.absorbed()
    before = said()
    news = copy.deepcopy(SAID)
    news[part][name] = value  # type: ignore[index]
    tool.says(news)
    tool.absorbed()
    after = said()
    assert sum(1 for was, is_ in zip(before, after, strict=True) if was != is_) == 1
    tool.says(SAID)
    tool.absorbed()
    assert said() == before
    assert Alert.objects.get().event_count == 3


def test_what_says_the_same_again_is_counted_and_nothing_else_is_written(tool: Source) -> None:
    tool.says(SAID)
    tool.absorbed()
    tool.says(SAID, NOON + minutes(5))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        tool.absorbed()
    updates = [q["sql"] for q in asked if "UPDATE" in q["sql"] and ("alerts_alert" in q["sql"])]
    assert len(updates) == 2
    assert not [sql for sql in updates if "state" in sql.partition("WHERE")[0].partition(" AS ")[0]]
    alert, group = Alert.objects.get(), AlertGroup.objects.get()
    assert (alert.event_count, alert.last_event_at) == (2, NOON + minutes(5))
    assert (group.event_count, group.last_event_at) == (2, NOON + minutes(5))


def test_an_alert_of_earlier_days_gets_its_digest_when_it_is_heard_of_again(tool: Source) -> None:
    tool.says(SAID)
    tool.absorbed()
    known = Alert.objects.get().digest
    Alert.objects.update(digest=None, details={"free": "?"})
    tool.says(SAID)
    tool.absorbed()
    alert = Alert.objects.get()
    assert known is not None
    assert (alert.digest, alert.details) == (known, {"free": "1 GB"})


def test_what_is_acknowledged_and_worsens_in_one_batch_is_triggered(tool: Source) -> None:
    tool.triggers("disk", "warning")
    tool.absorbed()
    tool.acknowledges("disk")
    tool.triggers("disk", "critical")
    tool.absorbed()
    assert Alert.objects.get().state == AlertGroup.objects.get().state == "triggered"
