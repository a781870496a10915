"""AWS SNS, and CloudWatch alarms over it. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

`ingest` takes only what SNS has signed, of topics that the integration expects.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Action, Heard, Severity, Signal, Subscription
from tocsin.sources import generic, loose, texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.loose import Json
from tocsin.sources.sns import cloudwatch, signing

NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
END = "UnsubscribeConfirmation"
_NEEDED = ("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL")
_LONGEST_TOPIC = 256


def read(body: bytes) -> Json:
    """`Unreadable` when it is no message of SNS."""
    sent = loose.read(body, "a message of SNS")
    if missing := [name for name in _NEEDED if not isinstance(sent.get(name), str)]:
        raise Unreadable(
            f"This is not a message of SNS: it has no {', '.join(missing)}. Raw message delivery must be off, because "
            "raw messages are not signed."
        )
    if sent["Type"] not in {NOTIFICATION, CONFIRMATION, END}:
        raise Unreadable(f"SNS has no messages of type “{texts.name(sent['Type'])}”.")
    return sent


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Heard]:
    sent = read(body)
    if sent["Type"] == CONFIRMATION:
        return [_subscription(sent)]
    if sent["Type"] == END:
        return [_ended(sent)]
    alarm = cloudwatch.alarm_of(str(sent["Message"]))
    if alarm is not None:
        return list(cloudwatch.signals(alarm, mapping))
    return _other(sent, mapping, received_at)


def topic_of(sent: Json) -> str:
    return texts.cut(sent["TopicArn"], _LONGEST_TOPIC)


def _subscription(sent: Json) -> Subscription:
    url = loose.text(sent, "SubscribeURL")
    if not signing.is_of_aws(url):
        raise Unreadable("The address that confirms the subscription is not one of SNS. It was not opened.")
    return Subscription(topic=topic_of(sent), url=url)


def _ended(sent: Json) -> Signal:
    """Monitoring that is cut off says nothing more: that is an alert of its own."""
    topic = topic_of(sent)
    return Signal(
        action=Action.TRIGGER,
        dedup_key=texts.key(f"unsubscribed {topic}"),
        summary=texts.summary(f"SNS sends nothing of {topic} any more: somebody ended the subscription"),
        severity=Severity.WARNING,
        source="SNS",
        component=texts.name(topic.rpartition(":")[2]),
        details={"TopicArn": topic},
    )


def _other(sent: Json, mapping: Mapping[str, object], received_at: datetime) -> list[Heard]:
    """JSON is read by the mapping or its usual names; any other text is an alert with the subject as its summary."""
    topic, text = topic_of(sent), str(sent["Message"])
    subject = loose.text(sent, "Subject")
    inner = _object(text)
    if inner is not None:
        event = (
            inner
            if not subject or any(name in inner for name in ("summary", "title"))
            else {**inner, "subject": subject}
        )
        return list(generic.parse(json.dumps(event).encode(), mapping, received_at))
    first, _, rest = text.strip().partition("\n")
    known_by = subject or first or topic
    return [
        Signal(
            action=Action.TRIGGER,
            dedup_key=texts.key(f"{topic} {hashlib.sha256(known_by.encode()).hexdigest()[:32]}"),
            summary=texts.summary(known_by),
            severity=Severity.ERROR,
            source="SNS",
            component=texts.name(topic.rpartition(":")[2]),
            details={"message": texts.cut(text, 10_000), "TopicArn": topic} if rest or subject else {"TopicArn": topic},
        )
    ]


def _object(text: str) -> Json | None:
    try:
        return loose.read(text.encode(errors="replace"), "JSON")
    except Unreadable:
        return None


SAMPLE = json.dumps(
    {
        "Type": NOTIFICATION,
        "MessageId": "f3a1d2b4-7c55-5e0e-9b1d-8f3b6f2a9c10",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
        "Subject": 'ALARM: "Orders queue is old" in EU (Ireland)',
        "Message": json.dumps(cloudwatch.SAMPLE),
        "Timestamp": "2026-03-04T11:59:30.412Z",
        "SignatureVersion": "2",
        "Signature": "EXAMPLE",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    },
    indent=2,
).encode()

SETUP = """\
In AWS: SNS, Topics, your topic, Create subscription, protocol HTTPS, and as endpoint:

  {url}

Leave “Enable raw message delivery” off: raw messages are not signed, and are refused.

Tocsin checks the signature and confirms the subscription by itself, within seconds. The first topic that is confirmed
is the one that this integration listens to; add others under “Change” before you subscribe them.

Then choose the topic in your CloudWatch alarms, for “In alarm”, “OK” and, if you like, “Insufficient data”.
"""

SOURCE = Source(
    kind="sns",
    label="AWS CloudWatch and SNS",
    about="CloudWatch alarms, and anything that publishes to an SNS topic; always signed.",
    parse=parse,
    path="/in/sns/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
)
