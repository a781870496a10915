"""Datadog monitors, by the Webhooks integration. https://docs.datadoghq.com/integrations/webhooks/

What a message has in it is up to the user, so the payload is ours: `PAYLOAD`, to be pasted there. `$ALERT_CYCLE_KEY`
is the same from the time a monitor triggers until it recovers.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Action, Image, Severity, Signal
from tocsin.sources import loose, texts
from tocsin.sources.contract import Source
from tocsin.sources.loose import Json

PAYLOAD = """\
{
  "alert_cycle_key": "$ALERT_CYCLE_KEY",
  "alert_id": "$ALERT_ID",
  "transition": "$ALERT_TRANSITION",
  "priority": "$ALERT_PRIORITY",
  "type": "$ALERT_TYPE",
  "title": "$EVENT_TITLE",
  "message": "$TEXT_ONLY_MSG",
  "status": "$ALERT_STATUS",
  "host": "$HOSTNAME",
  "scope": "$ALERT_SCOPE",
  "metric": "$ALERT_METRIC",
  "query": "$ALERT_QUERY",
  "tags": "$TAGS",
  "link": "$LINK",
  "snapshot": "$SNAPSHOT",
  "org": "$ORG_NAME",
  "date": "$DATE"
}"""
_DETAILS = ("message", "status", "scope", "metric", "query", "tags", "priority", "transition", "org", "alert_id")
_VARIABLE = re.compile(r"\$[A-Z_]+")
_STATE = re.compile(r"^\[[^\]]*\]\s*")  # “[Triggered on {host:db1}] ”, which is another when it recovers
# P4 is “low” and pages by the low-urgency rules; only P5 is for the record
_PRIORITIES = {
    "P1": Severity.CRITICAL,
    "P2": Severity.ERROR,
    "P3": Severity.WARNING,
    "P4": Severity.WARNING,
    "P5": Severity.INFO,
}


def read(body: bytes) -> Json:
    """What Datadog has filled in. `Unreadable` when it is no JSON object."""
    sent = loose.read(body, "the payload of a Datadog webhook")
    return {name: value for name, value in sent.items() if not _is_empty(value)}


def _is_empty(value: object) -> bool:
    """A variable that has no value stays as it is, or becomes null."""
    return isinstance(value, str) and (value in ("", "null", "None") or _VARIABLE.fullmatch(value) is not None)


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    sent = read(body)
    if _is_over(sent):
        return [Signal(action=Action.RESOLVE, dedup_key=_key(sent))]
    return [_trigger(sent)]


def _is_over(sent: Json) -> bool:
    transition = loose.text(sent, "transition", "alert_transition").lower()
    return transition == "recovered" or (not transition and loose.text(sent, "type", "alert_type") == "success")


def _trigger(sent: Json) -> Signal:
    links = [(sent.get("link"), "Event in Datadog"), (sent.get("snapshot"), "Graph")]
    snapshot = loose.text(sent, "snapshot")
    return Signal(
        action=Action.TRIGGER,
        dedup_key=_key(sent),
        summary=_summary(sent),
        severity=_severity(sent),
        source=texts.name(loose.text(sent, "host", "scope")),
        component=texts.name(_tag(sent, "service")),
        details=loose.kept(sent, *_DETAILS),
        links=texts.links(links),
        images=(Image(src=snapshot, alt="Graph"),) if texts.is_web(snapshot) else (),
    )


def _summary(sent: Json) -> str:
    title = loose.text(sent, "title", "alert_title")
    said = _STATE.sub("", title) or title or loose.text(sent, "status", "message", "body")
    return texts.summary(said or "Monitor of Datadog without a title")


def _key(sent: Json) -> str:
    """Without the cycle's key (another payload than ours), the monitor's; else the title's words."""
    if cycle := loose.text(sent, "alert_cycle_key"):
        return texts.key(cycle)
    if monitor := loose.text(sent, "alert_id"):
        return texts.key(f"monitor-{monitor}-{loose.text(sent, 'scope', 'host')}")
    return hashlib.sha256(_summary(sent).encode("utf-8", "replace")).hexdigest()[:32]


def _severity(sent: Json) -> Severity:
    """A warning stays one, whatever the monitor's priority is."""
    transition = loose.text(sent, "transition", "alert_transition").lower()
    if "warn" in transition or (not transition and loose.text(sent, "type") == "warning"):
        return Severity.WARNING
    return _PRIORITIES.get(loose.text(sent, "priority").upper(), Severity.ERROR)


def _tag(sent: Json, name: str) -> str:
    tags = (tag.strip().partition(":") for tag in loose.text(sent, "tags").split(","))
    return next((value for key, _, value in tags if key == name), "")


SAMPLE = b"""{
  "alert_cycle_key": "5830184730118493713",
  "alert_id": "1234",
  "transition": "Triggered",
  "priority": "P1",
  "type": "error",
  "title": "[Triggered on {host:db1}] Disk is almost full",
  "message": "The disk of db1 is 96 % full",
  "status": "system.disk.in_use over host:db1 was > 0.95 on average during the last 5m",
  "host": "db1",
  "scope": "host:db1",
  "metric": "system.disk.in_use",
  "query": "avg(last_5m):avg:system.disk.in_use{*} by {host} > 0.95",
  "tags": "env:prod,host:db1,service:orders",
  "link": "https://app.datadoghq.com/event/event?id=6789",
  "snapshot": "https://p.datadoghq.com/snapshot/view/abc.png",
  "org": "Example",
  "date": "1772625600000"
}"""

SETUP = """\
In Datadog: Integrations, Webhooks, New. Name it tocsin. As URL:

  {url}

Leave “Encode as form” off, and replace the payload by this one:

%s

Then write @webhook-tocsin into the message of every monitor that is to page, outside of any condition: Tocsin must
hear of the recovery too.
"""

SOURCE = Source(
    kind="datadog",
    label="Datadog",
    about="Monitors, by the Webhooks integration and a payload to paste.",
    parse=parse,
    path="/in/datadog/{key}",
    sample=SAMPLE,
    setup=SETUP % PAYLOAD,
    check=read,
)
