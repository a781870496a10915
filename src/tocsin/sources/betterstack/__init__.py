"""Better Stack Uptime, outgoing webhooks of incidents. https://betterstack.com/docs/uptime/webhooks/"""

from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Action, Image, Severity, Signal
from tocsin.sources import loose, texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.loose import Json

_DETAILS = ("cause", "http_method", "regions", "team_name", "started_at", "incident_group_id", "response_content")
_ACTIONS = {"acknowledged": Action.ACKNOWLEDGE, "resolved": Action.RESOLVE}


def read(body: bytes) -> Json:
    """`Unreadable` when it is no webhook of Better Stack."""
    sent = loose.read(body, "a webhook of Better Stack")
    if not isinstance(sent.get("data"), Mapping):
        raise Unreadable("This is not a webhook of Better Stack: it has no object `data`.")
    return sent


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    """Nothing for changes of monitors and of who is on call."""
    sent = read(body)
    data = loose.part(sent, "data")
    if loose.text(data, "type") not in ("", "incident"):
        return []
    action = _ACTIONS.get(_event(sent), Action.TRIGGER)
    if action is not Action.TRIGGER:
        return [Signal(action=action, dedup_key=_key(data))]
    return [_started(data, loose.part(data, "attributes"))]


def _event(sent: Json) -> str:
    """What happened; a message that does not say so has times that do."""
    if said := loose.text(sent, "event"):
        return said.lower()
    attributes = loose.part(sent, "data", "attributes")
    return next((name for name in ("resolved", "acknowledged") if attributes.get(f"{name}_at")), "started")


def _started(data: Json, found: Json) -> Signal:
    called, cause = loose.text(found, "name"), loose.text(found, "cause")
    screenshot = loose.text(found, "screenshot_url")
    links = [(found.get("origin_url"), "Incident in Better Stack"), (found.get("url"), called or "Page")]
    return Signal(
        action=Action.TRIGGER,
        dedup_key=_key(data),
        summary=texts.summary(": ".join(filter(None, (called, cause))) or "Incident without a name"),
        severity=Severity.CRITICAL,
        source=texts.name(loose.text(found, "url") or called),
        component=texts.name(called),
        details=loose.kept(found, *_DETAILS),
        links=texts.links([*links, (found.get("response_url"), "Response")]),
        images=(Image(src=screenshot, alt="Screenshot"),) if texts.is_web(screenshot) else (),
    )


def _key(data: Json) -> str:
    found = loose.text(data, "id")
    if not found:
        raise Unreadable("The webhook of Better Stack does not say which incident it is about.")
    return texts.key(f"incident-{found}")


SAMPLE = b"""{
  "event": "started",
  "data": {
    "id": "25",
    "type": "incident",
    "attributes": {
      "name": "shop.example.org homepage",
      "url": "https://shop.example.org/",
      "http_method": "get",
      "cause": "Status 500",
      "incident_group_id": null,
      "started_at": "2026-03-04T11:58:00.000Z",
      "acknowledged_at": null,
      "acknowledged_by": null,
      "resolved_at": null,
      "resolved_by": null,
      "response_content": "Internal Server Error",
      "response_url": null,
      "screenshot_url": "https://screenshots.example.org/25.png"
    },
    "relationships": {"monitor": {"data": {"id": "4", "type": "monitor"}}}
  }
}"""

SETUP = """\
In Better Stack: Integrations, Exporting data, Webhook, Add. Choose the type “Incident”, tick started, acknowledged
and resolved, and as URL give:

  {url}
"""

SOURCE = Source(
    kind="betterstack",
    label="Better Stack",
    about="Incidents of Better Stack Uptime.",
    parse=parse,
    path="/in/betterstack/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
)
