"""CloudWatch alarms and other messages of SNS, once they are known to be SNS's."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal, Subscription
from tocsin.sources import sns
from tocsin.sources.contract import Unreadable
from tocsin.sources.sns import cloudwatch, signing

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Orders queue is old"
WHOLE: dict[str, Any] = json.loads(sns.SAMPLE)


def hear(message: object, mapping: object = None, **more: object) -> list[Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    return sns.parse(json.dumps({**WHOLE, "Message": text, **more}).encode(), mapping or {}, NOON)  # type: ignore[arg-type]


def alarm(state: str = "ALARM", mapping: object = None, **more: object) -> Signal:
    (found,) = hear({**cloudwatch.SAMPLE, "NewStateValue": state, **more}, mapping)
    assert isinstance(found, Signal)
    return found


def test_an_alarm_triggers() -> None:
    found = alarm()
    assert (found.action, found.dedup_key, found.severity) == (Action.TRIGGER, ARN, Severity.CRITICAL)
    assert found.summary.startswith("Orders queue is old: Threshold Crossed")
    assert (found.source, found.component) == ("orders", "AWS/SQS")
    assert [link.text for link in found.links] == ["Runbook", "Alarm in CloudWatch"]
    assert found.links[1].href.startswith("https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#")
    assert found.details["Threshold"] == 600.0
    assert found.details["QueueName"] == "orders"


def test_ok_resolves() -> None:
    changed = datetime(2026, 3, 4, 11, 59, 30, 301_000, UTC)
    assert alarm("OK") == Signal(action=Action.RESOLVE, dedup_key=ARN, said_at=changed)


@pytest.mark.parametrize(
    ("chosen", "severity"), [(None, Severity.WARNING), ("critical", Severity.CRITICAL), ("info", Severity.INFO)]
)
def test_too_little_data_is_a_warning_unless_told(chosen: str | None, severity: Severity) -> None:
    found = alarm("INSUFFICIENT_DATA", {"insufficient_data": chosen})
    assert (found.action, found.severity, found.dedup_key) == (Action.TRIGGER, severity, ARN)
    assert found.summary == "Orders queue is old has not enough data"


def test_too_little_data_may_be_ignored() -> None:
    assert hear({**cloudwatch.SAMPLE, "NewStateValue": "INSUFFICIENT_DATA"}, {"insufficient_data": "ignore"}) == []


def test_the_severity_may_stand_in_the_description_or_in_the_mapping() -> None:
    assert alarm(AlarmDescription="The queue.\nSeverity: warning").severity is Severity.WARNING
    assert alarm(mapping={"severity": "error"}).severity is Severity.ERROR
    assert alarm(AlarmDescription=None).severity is Severity.CRITICAL


def test_the_same_name_in_another_region_or_account_is_another_alarm() -> None:
    def key(region: str, account: str) -> str:
        return alarm(AlarmArn=None, Region=region, AWSAccountId=account).dedup_key

    assert len({key("EU (Ireland)", "1"), key("EU (London)", "1"), key("EU (Ireland)", "2")}) == 3


def test_a_composite_alarm_has_no_metric() -> None:
    found = alarm(Trigger=None, AlarmRule="ALARM(a) OR ALARM(b)", NewStateReason="a transitioned to ALARM")
    assert found.summary == "Orders queue is old: a transitioned to ALARM"
    assert found.details["AlarmRule"] == "ALARM(a) OR ALARM(b)"


def test_other_json_is_read_by_its_usual_names_or_by_a_mapping() -> None:
    (found,) = hear({"title": "Backup failed", "severity": "error", "id": "backup-7"}, Subject="Backups")
    assert (found.summary, found.severity, found.dedup_key) == ("Backup failed", Severity.ERROR, "backup-7")
    (found,) = hear({"detail": {"what": "Instance stopped"}}, {"summary": "detail.what"})
    assert found.summary == "Instance stopped"


def test_plain_text_is_an_alert_with_its_subject() -> None:
    (found,) = hear("Line one\nLine two", Subject="Budget exceeded")
    assert (found.summary, found.component) == ("Budget exceeded", "alarms")
    assert found.details["message"] == "Line one\nLine two"
    (again,) = hear("Other lines", Subject="Budget exceeded")
    assert again.dedup_key == found.dedup_key
    (other,) = hear("Line one\nLine two", Subject=None)
    assert (other.summary, other.dedup_key == found.dedup_key) == ("Line one", False)


def test_a_topic_asks() -> None:
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    found = hear("You have chosen …", Type="SubscriptionConfirmation", SubscribeURL=url)
    assert found == [Subscription(topic=WHOLE["TopicArn"], url=url)]


@pytest.mark.parametrize("url", ["https://evil.example/?Action=ConfirmSubscription", "http://169.254.169.254/", None])
def test_an_address_that_is_not_of_sns_is_not_to_be_opened(url: str | None) -> None:
    with pytest.raises(Unreadable, match="not opened"):
        hear("You have chosen …", Type="SubscriptionConfirmation", SubscribeURL=url)


def test_a_subscription_that_ends_is_an_alert() -> None:
    (found,) = hear("You have chosen to deactivate …", Type="UnsubscribeConfirmation")
    assert (found.severity, found.dedup_key) == (Severity.WARNING, f"unsubscribed {WHOLE['TopicArn']}")


def test_what_is_signed_is_in_the_order_of_the_names() -> None:
    message = {"Type": "Notification", "Message": "m\nm", "MessageId": "1", "Timestamp": "t", "TopicArn": "a", "x": "y"}
    assert (
        signing.signed_text(message) == b"Message\nm\nm\nMessageId\n1\nTimestamp\nt\nTopicArn\na\nType\nNotification\n"
    )
    with_subject = signing.signed_text({**message, "Subject": "s"})
    assert with_subject.index(b"MessageId\n") < with_subject.index(b"Subject\ns\n") < with_subject.index(b"Timestamp\n")
    asking = {**message, "Type": "SubscriptionConfirmation", "SubscribeURL": "u", "Token": "k", "Subject": "s"}
    assert b"SubscribeURL\nu\nTimestamp\nt\nToken\nk\nTopicArn" in signing.signed_text(asking)
    assert b"Subject\n" not in signing.signed_text(asking)
