"""Grafana Alerting, contact point of type webhook.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
The shape is Alertmanager's with more in it. Grafana can sign: HMAC-SHA256 of time + ":" + body when the contact point
names a header for the time, and of the body alone otherwise, which is not enough to know a copy by.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import msgspec

from tocsin.core.signals import Action, Image, Signal
from tocsin.sources import alertmanager, texts
from tocsin.sources.contract import Header, Source, Unreadable
from tocsin.sources.signatures import is_hmac_sha256, is_recent

SIGNATURE = "x-grafana-alerting-signature"
TIMESTAMP = "x-grafana-alerting-timestamp"


class Alert(alertmanager.Alert):
    dashboard_url: str | None = msgspec.field(name="dashboardURL", default=None)
    panel_url: str | None = msgspec.field(name="panelURL", default=None)
    silence_url: str | None = msgspec.field(name="silenceURL", default=None)
    image_url: str | None = msgspec.field(name="imageURL", default=None)
    rule: str | None = msgspec.field(name="ruleUID", default=None)
    values: object = None
    value_string: object = msgspec.field(name="valueString", default=None)


class Webhook(msgspec.Struct):
    alerts: list[Alert]
    status: str = "firing"
    external_url: str | None = msgspec.field(name="externalURL", default=None)
    receiver: object = None
    left_out: object = msgspec.field(name="truncatedAlerts", default=0)


_decoder = msgspec.json.Decoder(Webhook)


def read(body: bytes) -> Webhook:
    """`Unreadable` when it is no webhook of Grafana."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(f"This is not a webhook of Grafana Alerting: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The JSON cannot be read: {error}.") from error


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    webhook = read(body)
    signals = [_signal(alert, webhook) for alert in webhook.alerts]
    return signals + alertmanager.left_out(webhook.left_out, webhook.receiver, "“Max Alerts”", received_at)


def _signal(alert: Alert, webhook: Webhook) -> Signal:
    signal = alertmanager.signal_of(alert, webhook.status, _links(alert, webhook))
    if signal.action is not Action.TRIGGER:
        return signal
    more = {"values": alert.values, "valueString": alert.value_string, "ruleUID": alert.rule}
    details = {**signal.details, **{name: value for name, value in more.items() if value}}
    return replace(signal, details=details, images=_images(alert))


def _links(alert: Alert, webhook: Webhook) -> list[tuple[object, object]]:
    return [
        (alert.panel_url, "Panel"),
        (alert.dashboard_url, "Dashboard"),
        (alert.generator_url, "Rule in Grafana"),
        (alert.silence_url, "Silence in Grafana"),
        (webhook.external_url, "Grafana"),
    ]


def _images(alert: Alert) -> tuple[Image, ...]:
    url = alert.image_url
    return (Image(src=url, href=alert.panel_url or "", alt="Panel"),) if url and texts.is_web(url) else ()


def is_signed(secret: str, body: bytes, header: Header, received_at: datetime) -> bool:
    """Only with a time: its reminders are the same to the byte, so nothing else tells a copy from one."""
    time = header(TIMESTAMP).strip()
    return is_hmac_sha256(secret, f"{time}:".encode() + body, header(SIGNATURE)) and is_recent(time, received_at)


def alike(body: bytes, header: Header) -> tuple[str, ...]:
    return header(TIMESTAMP).strip(), body.decode("latin-1")


SAMPLE = b"""{
  "receiver": "Tocsin",
  "status": "firing",
  "version": "1",
  "orgId": 1,
  "title": "[FIRING:1] Orders queue is growing",
  "state": "alerting",
  "externalURL": "https://grafana.example.org/",
  "groupKey": "{}/{}:{alertname=\\"Orders queue is growing\\"}",
  "truncatedAlerts": 0,
  "groupLabels": {"alertname": "Orders queue is growing"},
  "commonLabels": {"alertname": "Orders queue is growing"},
  "commonAnnotations": {},
  "alerts": [
    {
      "status": "firing",
      "labels": {"alertname": "Orders queue is growing", "grafana_folder": "Shop", "severity": "critical",
                 "service": "orders", "instance": "rabbit1"},
      "annotations": {"summary": "12,400 orders wait in rabbit1", "runbook_url": "https://wiki.example.org/orders"},
      "startsAt": "2026-03-04T11:58:00Z",
      "endsAt": "0001-01-01T00:00:00Z",
      "values": {"A": 12400, "C": 1},
      "valueString": "[ var='A' labels={instance=rabbit1} value=12400 ]",
      "generatorURL": "https://grafana.example.org/alerting/grafana/ae1b2c3d4e5f6g/view",
      "fingerprint": "8c1d1b0f4d9f3a52",
      "silenceURL": "https://grafana.example.org/alerting/silence/new?alertmanager=grafana",
      "dashboardURL": "https://grafana.example.org/d/orders",
      "panelURL": "https://grafana.example.org/d/orders?viewPanel=4",
      "imageURL": "https://images.example.org/orders.png",
      "ruleUID": "ae1b2c3d4e5f6g"
    }
  ]
}"""

SETUP = """\
In Grafana: Alerting, Contact points, Add contact point, Integration “Webhook”. As URL:

  {url}

Leave the method at POST, and “Disable resolved message” off. Then send to this contact point in a notification policy.

To have Grafana sign, choose a secret under “HMAC signature”, with X-Grafana-Alerting-Timestamp as timestamp header, and
put the same secret into this integration under “Change”. Without that header nothing is taken then.
"""

SOURCE = Source(
    kind="grafana",
    label="Grafana Alerting",
    about="Contact points of type webhook, signed if you like.",
    parse=parse,
    path="/in/grafana/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    is_timeless=alertmanager.is_whole,
    is_signed=is_signed,
    alike=alike,
)
