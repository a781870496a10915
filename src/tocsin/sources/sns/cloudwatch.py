"""CloudWatch alarms, as they stand in an SNS message.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import loose, texts, times
from tocsin.sources.contract import Unreadable
from tocsin.sources.loose import Json

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"
_DETAILS = (
    "AlarmDescription", "NewStateReason", "OldStateValue", "StateChangeTime", "AWSAccountId", "Region", "AlarmArn",
    "AlarmRule", "TriggeringChildren",
)  # fmt: skip
_METRIC = (
    "Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "EvaluationPeriods", "ComparisonOperator",
    "Threshold", "TreatMissingData",
)  # fmt: skip


def alarm_of(message: str) -> Json | None:
    """None when the message is something else."""
    try:
        found = loose.read(message.encode(errors="replace"), "an alarm of CloudWatch")
    except Unreadable:
        return None
    return found if loose.text(found, "AlarmName") and loose.text(found, "NewStateValue") else None


def signals(alarm: Json, mapping: Mapping[str, object]) -> Iterator[Signal]:
    """ALARM triggers, OK resolves. What has not enough data is a warning, unless `insufficient_data` of the mapping
    is another severity, or “ignore”. An alarm's severity is critical unless its description says `severity: …`."""
    state, key = loose.text(alarm, "NewStateValue"), _key(alarm)
    if state == OK:
        yield Signal(action=Action.RESOLVE, dedup_key=key, said_at=_changed(alarm))
    elif state == INSUFFICIENT:
        chosen = str(mapping.get("insufficient_data") or "warning")
        if chosen != "ignore":
            yield _trigger(alarm, key, texts.severity_of(chosen), "has not enough data")
    else:
        yield _trigger(alarm, key, _severity(alarm, mapping), "")


def _key(alarm: Json) -> str:
    """The same alarm in another region or account is another alarm."""
    named = (loose.text(alarm, name) for name in ("AWSAccountId", "Region", "AlarmName"))
    return texts.key(loose.text(alarm, "AlarmArn") or "/".join(named))


def _severity(alarm: Json, mapping: Mapping[str, object]) -> Severity:
    for line in loose.text(alarm, "AlarmDescription").splitlines():
        name, _, word = line.partition(":")
        if name.strip().lower() == "severity" and word.strip():
            return texts.severity_of(word)
    return texts.severity_of(mapping.get("severity") or "critical")


def _trigger(alarm: Json, key: str, severity: Severity, what: str) -> Signal:
    name = loose.text(alarm, "AlarmName")
    metric = loose.part(alarm, "Trigger")
    dimensions = _dimensions(metric)
    reason = what or loose.text(alarm, "NewStateReason")
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=texts.summary(f"{name}: {reason}" if reason and not what else f"{name} {reason}"),
        severity=severity,
        source=texts.name(", ".join(dimensions.values()) or loose.text(alarm, "Region")),
        component=texts.name(loose.text(metric, "Namespace")),
        details=loose.kept(alarm, *_DETAILS) | loose.kept(metric, *_METRIC) | dimensions,
        links=texts.links([*_runbooks(alarm), (_console(alarm), "Alarm in CloudWatch")]),
        said_at=_changed(alarm),
    )


def _changed(alarm: Json) -> datetime | None:
    """SNS promises no order, and sends again what was not answered."""
    return times.said(alarm.get("StateChangeTime"))


def _dimensions(metric: Json) -> dict[str, str]:
    listed = metric.get("Dimensions")
    found = [d for d in listed if isinstance(d, Mapping)] if isinstance(listed, Sequence) else []
    pairs = ((loose.text(d, "name", "Name"), loose.text(d, "value", "Value")) for d in found)
    return {name: value for name, value in pairs if name}


def _runbooks(alarm: Json) -> list[tuple[object, object]]:
    """Addresses in the description are what its author wants read first."""
    words = loose.text(alarm, "AlarmDescription").split()
    return [(word.rstrip(".,;)"), "Runbook") for word in words if texts.is_web(word)]


def _console(alarm: Json) -> str:
    """Of the region in the alarm's ARN, arn:partition:cloudwatch:region:account:alarm:name."""
    parts = loose.text(alarm, "AlarmArn").split(":")
    if len(parts) < 7:  # noqa: PLR2004
        return ""
    domain = "console.amazonaws.cn" if parts[1] == "aws-cn" else "console.aws.amazon.com"
    name = quote(loose.text(alarm, "AlarmName"), safe="")
    return f"https://{parts[3]}.{domain}/cloudwatch/home?region={parts[3]}#alarmsV2:alarm/{name}"


SAMPLE = {
    "AlarmName": "Orders queue is old",
    "AlarmDescription": "The oldest order waits too long.\nRunbook: https://wiki.example.org/orders",
    "AWSAccountId": "123456789012",
    "AlarmConfigurationUpdatedTimestamp": "2026-02-01T09:00:00.000+0000",
    "NewStateValue": ALARM,
    "NewStateReason": "Threshold Crossed: 1 datapoint [930.0] was greater than the threshold (600.0).",
    "StateChangeTime": "2026-03-04T11:59:30.301+0000",
    "Region": "EU (Ireland)",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Orders queue is old",
    "OldStateValue": OK,
    "OKActions": ["arn:aws:sns:eu-west-1:123456789012:alarms"],
    "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:alarms"],
    "InsufficientDataActions": [],
    "Trigger": {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Namespace": "AWS/SQS",
        "StatisticType": "Statistic",
        "Statistic": "MAXIMUM",
        "Unit": None,
        "Dimensions": [{"value": "orders", "name": "QueueName"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 600.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    },
}
