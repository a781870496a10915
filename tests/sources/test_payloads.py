"""Messages that real tools have sent, from first to last: see `payloads/README.md`."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.core.signals import Change, Signal, Subscription
from tocsin.sources.registry import SOURCES

PAYLOADS = Path(__file__).parent / "payloads"
AT = datetime(2026, 11, 27, 8, 2, 50, tzinfo=UTC)
GROUP = "17c4e445d234645c9e547ff6d32a864af0ebdadcd1902771c24c8d366637ff41"
LEFT_OUT = "trigger", "left out all", "warning", "1 alert was left out by max_alerts of the receiver “all”"
PAY = "[Pay][https://127.0.0.1:18096/] self-signed certificate shop.example.org will be expired in 5 days"
BUCKET = "bucketbytesAlarm: Threshold Crossed: 1 datapoint [1062305.0 (14/02/19 23:53:00)] was greater than or equal to"
# what is heard of each: of alerts action, key, severity, title or its beginning; of changes key, state, where, title
HEARD: dict[str, list[tuple[str, ...]]] = {
    "alertmanager/prometheus-push": [("trigger", "ade39900f376bd12", "critical", "127.0.0.1:9 is down")],
    "alertmanager/webhook-firing": [("trigger", "a5c176cd9e3c4a51", "critical", "127.0.0.1:9 is down")],
    "alertmanager/webhook-truncated": [("trigger", "48c0674ebf9ac78b", "warning", "db1 is nearly full"), LEFT_OUT],
    "alertmanager/webhook-resolved": [("resolve", "48c0674ebf9ac78b", "error", ""), LEFT_OUT],
    "pagerduty/alertmanager-trigger": [("trigger", GROUP, "warning", "[FIRING:2] DiskFull (warning)")],
    "pagerduty/alertmanager-resolve": [("resolve", GROUP, "error", "")],
    "opsgenie/alertmanager-create": [("trigger", GROUP, "warning", "[FIRING:2] DiskFull (warning)")],
    "opsgenie/alertmanager-close": [("resolve", GROUP, "error", "")],
    "sns/alarm": [("trigger", "1234567890/EU (Ireland)/bucketbytesAlarm", "critical", BUCKET)],
    "sns/insufficient-data": [
        (
            "trigger",
            "1234567890/EU (Ireland)/notificationCountAlarm",
            "warning",
            "notificationCountAlarm has not enough data",
        )
    ],
    "sns/subscription": [("arn:aws:sns:eu-west-1:1234567890:alerta-test",)],
    "uptimekuma/down": [("trigger", "monitor-1", "critical", "Shop is down: connect ECONNREFUSED 127.0.0.1:18098")],
    "uptimekuma/up": [("resolve", "monitor-1", "error", "")],
    "uptimekuma/test": [("trigger", "f82c294e7781b24a9caf38cba325735f", "info", "Tocsin Testing")],
    "uptimekuma/certificate": [("trigger", "bcee45c1696e1f6dae458e841453aa69", "warning", PAY)],
    "github/deployment_status": [
        ("deployment-145988746", "success", "production", "Deploy master of Codertocat/Hello-World to production")
    ],
    "github/push": [
        (
            "push-6113728f27ae82c7b1a177c8d03f9e96e0adf246",
            "",
            "",
            "Push to master of Codertocat/Hello-World: Initial commit",
        )
    ],
    "github/workflow_run": [("workflow-run-289782451", "success", "", "Workflow on master of octo-org/octo-repo")],
    "github/release": [("release-17372790", "released", "", "")],
}
# what the door puts in, of the address and the headers that a message came with
AROUND: dict[str, dict[str, object]] = {
    "opsgenie/alertmanager-create": {"verb": "create", "id": "01987654-3210-7000-8000-000000000001"},
    "opsgenie/alertmanager-close": {"verb": "close", "by": "alias", "identifier": GROUP},
}


def test_every_message_is_in_the_table() -> None:
    assert {f"{path.parent.name}/{path.stem}" for path in PAYLOADS.glob("*/*.json")} == HEARD.keys()


@pytest.mark.parametrize("name", HEARD)
def test_what_is_heard_of_a_real_message(name: str) -> None:
    kind, _, stem = name.partition("/")
    said = json.loads((PAYLOADS / f"{name}.json").read_text())
    if kind == "github":
        said["tocsin_headers"] = {"x-github-event": stem, "x-github-delivery": "d1"}
    if name in AROUND:
        said["tocsin"] = AROUND[name]
    source = SOURCES[kind]
    body = json.dumps(said).encode()
    if source.check and isinstance(said, dict):  # what is pushed is a list, and is sifted
        source.check(body)
    heard = [shown(one) for one in source.parse(body, {}, AT)]
    assert [one[:-1] for one in heard] == [one[:-1] for one in HEARD[name]]
    assert all(found[-1].startswith(title[-1]) for found, title in zip(heard, HEARD[name], strict=True))


def shown(one: object) -> tuple[str, ...]:
    if isinstance(one, Signal):
        return one.action, one.dedup_key, one.severity, one.summary
    if isinstance(one, Change):
        return one.key, one.status, one.environment, one.summary
    assert isinstance(one, Subscription)
    return (one.topic,)
