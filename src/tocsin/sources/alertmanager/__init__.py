"""Prometheus Alertmanager, webhook version 4, and what Prometheus itself sends to an Alertmanager.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
An alert is known by its labels (the fingerprint), not by `groupKey`, which changes when the routing tree is edited.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from tocsin.core.signals import Signal
from tocsin.sources.alertmanager import push
from tocsin.sources.alertmanager.labelled import Alert, is_whole, left_out, signal_of
from tocsin.sources.alertmanager.push import Sifted, sift
from tocsin.sources.contract import Source, Unreadable

__all__ = ["SOURCE", "Alert", "Sifted", "is_whole", "left_out", "parse", "read", "sift", "signal_of"]


class Webhook(msgspec.Struct):
    alerts: list[Alert]
    status: str = "firing"
    external_url: str | None = msgspec.field(name="externalURL", default=None)
    receiver: object = None
    left_out: object = msgspec.field(name="truncatedAlerts", default=0)


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
    """A webhook is an object; what Prometheus sends is a list."""
    if not is_webhook(body):
        return push.parse(body, received_at)
    webhook = read(body)
    signals = [signal_of(alert, webhook.status, _links(alert, webhook)) for alert in webhook.alerts]
    return signals + left_out(webhook.left_out, webhook.receiver, "max_alerts", received_at)


def is_webhook(body: bytes) -> bool:
    return body.lstrip()[:1] != b"["


def is_timeless(body: bytes) -> bool:
    """What is pushed ends some minutes after its arrival, and what was left out some hours."""
    return is_webhook(body) and is_whole(body)


def _links(alert: Alert, webhook: Webhook) -> list[tuple[object, object]]:
    return [(alert.generator_url, "Query in Prometheus"), (webhook.external_url, "Alertmanager")]


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

Prometheus can also send here by itself, without an Alertmanager. In prometheus.yml, with the URL's parts apart:

alerting:
  alertmanagers:
    - path_prefix: /in/alertmanager/{key}
      scheme: https
      static_configs:
        - targets: [tocsin.example.org]

A label `severity` of critical, error, warning or info decides how people are paged; without it an alert is an error.
"""

SOURCE = Source(
    kind="alertmanager",
    label="Prometheus Alertmanager",
    about="Webhooks of Alertmanager, or Prometheus itself.",
    parse=parse,
    path="/in/alertmanager/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    is_timeless=is_timeless,
)
