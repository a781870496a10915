"""Uptime Kuma, notification of type webhook, as JSON. https://github.com/louislam/uptime-kuma/wiki/Notification-Methods

`{heartbeat, monitor, msg}`. A certificate that ends soon, and the test button, come with neither heartbeat nor
monitor: only the words tell them apart.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import loose, texts, times
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.loose import Json

_TEST = "Testing"  # the last word of what the test button sends
_DAYS = re.compile(r" in \d+ days?$")  # a certificate is told of again and again until it is renewed: one alert
_DETAILS = ("type", "hostname", "port", "method", "keyword", "interval", "maxretries", "description")


def read(body: bytes) -> Json:
    """`Unreadable` when it is no notification of Uptime Kuma."""
    sent = loose.read(body, "a notification of Uptime Kuma")
    if not loose.part(sent, "heartbeat") and not loose.text(sent, "msg"):
        raise Unreadable("This is not a notification of Uptime Kuma: it has neither `heartbeat` nor `msg`.")
    return sent


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    sent = read(body)
    beat, monitor = loose.part(sent, "heartbeat"), loose.part(sent, "monitor")
    if not beat:
        return [_notice(loose.text(sent, "msg"), monitor)]
    match beat.get("status"):
        case 1:  # up
            return [Signal(action=Action.RESOLVE, dedup_key=_key(beat, monitor), said_at=times.said(beat.get("time")))]
        case 2 | 3:  # pending, maintenance: neither opens nor ends anything
            return []
    return [_down(beat, monitor, sent)]


def _down(beat: Json, monitor: Json, sent: Json) -> Signal:
    called, why = loose.text(monitor, "name"), loose.text(beat, "msg")
    said = f"{called} is down" + (f": {why}" if why else "") if called else loose.text(sent, "msg")
    return Signal(
        action=Action.TRIGGER,
        dedup_key=_key(beat, monitor),
        summary=texts.summary(said or "A monitor of Uptime Kuma is down"),
        severity=Severity.CRITICAL,
        source=texts.name(loose.text(monitor, "hostname", "url") or called),
        component=texts.name(called),
        details={**loose.kept(monitor, *_DETAILS), **loose.kept(beat, "msg", "time", "ping", "duration")},
        links=texts.links([(monitor.get("url"), called)]),
        said_at=times.said(beat.get("time")),
    )


def _notice(said: str, monitor: Json) -> Signal:
    """Nothing tells when it is over: it is resolved by hand."""
    return Signal(
        action=Action.TRIGGER,
        dedup_key=hashlib.sha256(_DAYS.sub("", said).encode("utf-8", "replace")).hexdigest()[:32],
        summary=texts.summary(said),
        severity=Severity.INFO if said.endswith(_TEST) else Severity.WARNING,
        component=texts.name(loose.text(monitor, "name")),
        links=texts.links([(monitor.get("url"), loose.text(monitor, "name"))]),
    )


def _key(beat: Json, monitor: Json) -> str:
    known = loose.text(monitor, "id") or loose.text(beat, "monitorID", "monitor_id") or loose.text(monitor, "name")
    if not known:
        raise Unreadable("The notification of Uptime Kuma does not say which monitor it is about.")
    return texts.key(f"monitor-{known}")


SAMPLE = b"""{
  "heartbeat": {
    "monitorID": 7,
    "status": 0,
    "time": "2026-03-04 11:58:00.123",
    "msg": "timeout of 48000ms exceeded",
    "ping": null,
    "important": true,
    "duration": 60,
    "timezone": "Europe/Berlin",
    "timezoneOffset": "+01:00",
    "localDateTime": "2026-03-04 12:58:00"
  },
  "monitor": {
    "id": 7,
    "name": "Shop",
    "url": "https://shop.example.org",
    "method": "GET",
    "hostname": null,
    "port": null,
    "maxretries": 2,
    "interval": 60,
    "type": "http",
    "tags": []
  },
  "msg": "[Shop] [\\ud83d\\udd34 Down] timeout of 48000ms exceeded"
}"""

SETUP = """\
In Uptime Kuma: Settings, Notifications, Setup Notification, type “Webhook”. As Post URL, with the method POST and the
request body “Preset - application/json”:

  {url}

Tick “Default enabled” and “Apply on all existing monitors” to be paged for all of them. The test button sends an
alert that pages nobody.
"""

SOURCE = Source(
    kind="uptimekuma",
    label="Uptime Kuma",
    about="Monitors that go down and come back, and certificates that end soon.",
    parse=parse,
    path="/in/uptimekuma/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
)
