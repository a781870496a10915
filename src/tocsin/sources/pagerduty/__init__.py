"""PagerDuty Events API v2: alerts, and change events, which come to an address of their own with the same keys.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
https://developer.pagerduty.com/docs/events-api-v2/send-change-events/
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import SEVERITIES, Action, Change, Image, Signal
from tocsin.sources import texts, times
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.pagerduty.wire import CHANGE, Event, Invalid, Payload, read, read_change, read_stored

__all__ = ["CHANGE", "SOURCE", "Event", "Invalid", "parse", "read", "read_change"]


def parse(
    body: bytes,
    mapping: Mapping[str, object],  # noqa: ARG001 - contract
    received_at: datetime,  # noqa: ARG001 - contract
) -> list[Signal | Change]:
    try:
        event = read_stored(body)
    except Invalid as error:
        raise Unreadable(str(error)) from error
    if event.event_action == CHANGE:
        return [_change(event)]
    if event.event_action != Action.TRIGGER or event.payload is None:
        return [Signal(action=Action(event.event_action or ""), dedup_key=event.dedup_key or "")]
    # `ingest` gives every trigger a key; without one, only the very same message is the same alert
    return [_trigger(event, event.payload, event.dedup_key or hashlib.sha256(body).hexdigest()[:32])]


def _trigger(event: Event, payload: Payload, dedup_key: str) -> Signal:
    return Signal(
        action=Action.TRIGGER,
        dedup_key=dedup_key,
        summary=texts.summary(payload.summary),
        severity=SEVERITIES[payload.severity or ""],
        source=texts.name(payload.source),
        component=_name(payload.component),
        details=_details(payload),
        links=texts.links(_links(event)) if event.links or event.client_url else (),
        images=_images(event) if event.images else (),
    )


def _change(event: Event) -> Change:
    payload = event.payload or Payload()
    return Change(
        summary=texts.summary(payload.summary),
        source=_name(payload.source),
        at=times.moment(payload.timestamp),
        details=_custom(payload),
        links=texts.links(_links(event)),
    )


def _details(payload: Payload) -> dict[str, object]:
    found = _custom(payload)
    more = (("class", payload.class_), ("group", payload.group), ("timestamp", payload.timestamp))
    return found | {name: value for name, value in more if value and name not in found}


def _custom(payload: Payload) -> dict[str, object]:
    custom = payload.custom_details
    return dict(custom) if isinstance(custom, dict) else {"details": custom} if custom else {}


def _links(event: Event) -> list[tuple[object, object]]:
    given = [(link.get("href"), link.get("text")) for link in _listed(event.links)]
    return [*given, (event.client_url, event.client)]


def _images(event: Event) -> tuple[Image, ...]:
    found = _listed(event.images)
    return tuple(
        Image(src=str(i["src"]), href=str(i["href"]) if texts.is_web(i.get("href")) else "", alt=_name(i.get("alt")))
        for i in found
        if texts.is_web(i.get("src"))
    )


def _listed(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _name(value: object) -> str:
    return texts.name(value or "")


SAMPLE = b"""{
  "routing_key": "0123456789abcdef0123456789abcdef",
  "event_action": "trigger",
  "dedup_key": "checkout/latency",
  "payload": {
    "summary": "Checkout latency p99 is 8.2 s",
    "source": "checkout-7d9f",
    "severity": "critical",
    "component": "checkout",
    "custom_details": {"p99": "8.2 s", "region": "eu-west-1"}
  },
  "links": [{"href": "https://grafana.example.org/d/checkout", "text": "Dashboard"}],
  "client": "Grafana",
  "client_url": "https://grafana.example.org"
}"""

SETUP = """\
Everything that can send to PagerDuty's Events API v2 can send here: give it this URL in place of
https://events.pagerduty.com/v2/enqueue, and this integration's key as its routing (integration) key.

In alertmanager.yml:

receivers:
  - name: tocsin
    pagerduty_configs:
      - url: {url}
        routing_key: {key}
"""

SOURCE = Source(
    kind="pagerduty",
    label="PagerDuty Events v2",
    about="Any tool or library that can send to PagerDuty.",
    parse=parse,
    path="/v2/enqueue",
    sample=SAMPLE,
    setup=SETUP,
)
