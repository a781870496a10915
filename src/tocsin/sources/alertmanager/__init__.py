"""Prometheus Alertmanager, webhook version 4. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

An alert is known by its labels (the fingerprint), not by `groupKey`, which changes when the routing tree is edited.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import texts
from tocsin.sources.contract import Source, Unreadable

_SUMMARIES = ("summary", "title", "message", "description")
_LINKS = (
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
    ("logs_url", "Logs"),
    ("chat_url", "Chat"),
)


class Alert(msgspec.Struct):
    labels: dict[str, str]
    status: str | None = None
    annotations: dict[str, str] | None = None
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    fingerprint: str | None = None


class Webhook(msgspec.Struct):
    alerts: list[Alert]
    status: str = "firing"
    external_url: str | None = msgspec.field(name="externalURL", default=None)


_decoder = msgspec.json.Decoder(Webhook)


def read(body: bytes) -> Webhook:
    """`Unreadable` when it is no webhook of an Alertmanager."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(f"This is not an Alertmanager webhook: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The JSON cannot be read: {error}.") from error


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    webhook = read(body)
    return [_signal(alert, webhook) for alert in webhook.alerts]


def _signal(alert: Alert, webhook: Webhook) -> Signal:
    key = texts.key(alert.fingerprint or _fingerprint(alert.labels))
    if (alert.status or webhook.status) == "resolved":
        return Signal(action=Action.RESOLVE, dedup_key=key)
    return _firing(alert, key, webhook.external_url)


def _firing(alert: Alert, key: str, external_url: str | None) -> Signal:
    labels, annotations = alert.labels, alert.annotations or {}
    named = [(annotations.get(name), text) for name, text in _LINKS]
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=_summary(labels, annotations),
        severity=texts.severity_of(labels["severity"]) if "severity" in labels else Severity.ERROR,
        source=texts.name(labels.get("instance") or labels.get("host") or labels.get("job") or ""),
        component=texts.name(labels.get("service") or labels.get("component") or labels.get("job") or ""),
        details={"labels": labels, "annotations": annotations},
        links=texts.links([*named, (alert.generator_url, "Query in Prometheus"), (external_url, "Alertmanager")]),
    )


def _summary(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    for name in _SUMMARIES:
        if text := texts.summary(annotations.get(name, "")):
            return text
    called = labels.get("alertname") or "Alert without a name"
    where = labels.get("instance") or labels.get("job")
    return texts.summary(f"{called} on {where}" if where else called)


def _fingerprint(labels: Mapping[str, str]) -> str:
    ordered = msgspec.json.encode(sorted(labels.items()))
    return hashlib.sha256(ordered).hexdigest()[:16]


SAMPLE = b"""{
  "version": "4",
  "groupKey": "{}:{alertname=\\"InstanceDown\\"}",
  "truncatedAlerts": 0,
  "status": "firing",
  "receiver": "tocsin",
  "groupLabels": {"alertname": "InstanceDown"},
  "commonLabels": {"alertname": "InstanceDown", "severity": "critical"},
  "commonAnnotations": {},
  "externalURL": "http://alertmanager.example.org:9093",
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "InstanceDown", "instance": "db1:9100", "job": "node", "severity": "critical"},
      "annotations": {"summary": "db1:9100 is down", "runbook_url": "https://wiki.example.org/InstanceDown"},
      "startsAt": "2026-03-04T11:58:00Z",
      "endsAt": "0001-01-01T00:00:00Z",
      "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=up+%3D%3D+0",
      "fingerprint": "c5f0d9c3a7b1e2d4"
    }
  ]
}"""

SETUP = """\
In alertmanager.yml; send_resolved lets alerts resolve by themselves:

route:
  receiver: tocsin
receivers:
  - name: tocsin
    webhook_configs:
      - url: {url}
        send_resolved: true

A label `severity` of critical, error, warning or info decides how people are paged; without it an alert is an error.
"""

SOURCE = Source(
    kind="alertmanager",
    label="Prometheus Alertmanager",
    about="Webhooks of Alertmanager; Grafana's alerting sends the same.",
    parse=parse,
    path="/in/alertmanager/{key}",
    sample=SAMPLE,
    setup=SETUP,
)
