"""Opsgenie Alert API v2 and its heartbeats. https://docs.opsgenie.com/docs/alert-api"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from tocsin.core.signals import Action, Beat, Heard, Link, Naming, Severity, Signal
from tocsin.sources import texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.opsgenie.wire import Asked, Invalid, Request, check, read

__all__ = ["SOURCE", "Asked", "Invalid", "Request", "check", "parse", "read"]

PING = "ping"
MOST_TAGS = 20
_ACTIONS = {
    "create": Action.TRIGGER,
    "close": Action.RESOLVE,
    "acknowledge": Action.ACKNOWLEDGE,
    "unacknowledge": Action.UNACKNOWLEDGE,
    "notes": Action.NOTE,
    "priority": Action.RATE,
    **dict.fromkeys(("message", "description", "tags", "details"), Action.AMEND),
}
_NAMINGS = {"id": Naming.ID, "tiny": Naming.NUMBER, "alias": Naming.KEY}
_LONGEST_NOTE = 25_000
_LONGEST_AUTHOR = 100


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Heard]:  # noqa: ARG001 - contract
    request = _checked(body)
    asked = request.tocsin
    if asked.verb == PING:
        return [Beat(name=texts.name(asked.identifier))]
    if asked.verb == "create":
        return [_create(request, asked.id or hashlib.sha256(body).hexdigest()[:32], mapping)]
    return [_act(request, asked, mapping)]


def _checked(body: bytes) -> Request:
    try:
        request = read(body)
        if request.tocsin.verb != PING:
            check(request, request.tocsin.verb)
    except Invalid as error:
        raise Unreadable("; ".join((str(error), *error.errors.values()))) from error
    if request.tocsin.verb not in (*_ACTIONS, PING) or request.tocsin.by not in _NAMINGS:
        raise Unreadable(f"Tocsin does not know the action “{request.tocsin.verb}” of Opsgenie's alerts.")
    return request


def _create(request: Request, made: str, mapping: Mapping[str, object]) -> Signal:
    """An alert without an alias has its id as alias."""
    alias = (request.alias or "").strip()
    return Signal(
        action=Action.TRIGGER,
        dedup_key=texts.key(alias or made),
        summary=texts.summary(request.message),
        severity=_severity(request.priority or "P3", mapping),
        source=texts.name(request.source or ""),
        component=texts.name(request.entity or ""),
        details=_details(request) | ({"alias": alias} if len(alias) > texts.LONGEST_KEY else {}),
        links=_links(request),
        uid=request.tocsin.id,
        note=_note(request),
        author=_author(request),
    )


def _act(request: Request, asked: Asked, mapping: Mapping[str, object]) -> Signal:
    told = _details(request)
    return Signal(
        action=_ACTIONS[asked.verb],
        dedup_key=texts.key(asked.identifier),
        naming=_NAMINGS[asked.by],
        summary=texts.summary(request.message) if asked.verb == "message" else "",
        severity=_severity(request.priority or "", mapping) if asked.verb == "priority" else Severity.ERROR,
        details={asked.verb: told[asked.verb]} if asked.verb in told else {},
        note=_note(request),
        author=_author(request),
    )


def _note(request: Request) -> str:
    return texts.cut(request.note or "", _LONGEST_NOTE)


def _author(request: Request) -> str:
    return texts.cut(request.user or "", _LONGEST_AUTHOR)


def _severity(priority: str, mapping: Mapping[str, object]) -> Severity:
    """P1 critical, P2 error, P3 warning, P4 and P5 info, unless the integration's `priorities` say otherwise."""
    chosen = mapping.get("priorities")
    word = chosen.get(priority) if isinstance(chosen, Mapping) else None
    return texts.severity_of(word or priority)


def _details(request: Request) -> dict[str, object]:
    found: dict[str, object] = {
        "description": request.description,
        "priority": request.priority,
        "tags": _texts(request.tags)[:MOST_TAGS],
        "actions": _texts(request.actions),
        "details": _pairs(request.details),
        "responders": request.responders,
        "visibleTo": request.visible_to,
    }
    return {name: value for name, value in found.items() if value}


def _texts(value: object) -> list[str]:
    """A list of texts, or one text with commas, as old clients send tags."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for item in listed if (text := texts.name(item))]


def _pairs(value: object) -> dict[str, str]:
    return {str(name): str(said) for name, said in value.items()} if isinstance(value, dict) else {}


def _links(request: Request) -> tuple[Link, ...]:
    """Addresses among the details; runbooks first. Alertmanager gives its own as the source."""
    pairs = sorted(_pairs(request.details).items(), key=lambda pair: "runbook" not in pair[0].lower())
    return texts.links([*((href, name) for name, href in pairs), (request.source, "Source")])


SAMPLE = b"""{
  "message": "Checkout latency p99 is 8.2 s",
  "alias": "checkout/latency",
  "description": "The slowest requests of the last five minutes took 8.2 s.",
  "responders": [{"name": "Payments", "type": "team"}],
  "tags": ["checkout", "latency"],
  "details": {"region": "eu-west-1", "runbook": "https://wiki.example.org/checkout"},
  "entity": "checkout",
  "source": "checkout-7d9f",
  "priority": "P1",
  "user": "Grafana",
  "note": "p99 was 120 ms an hour ago."
}"""

SETUP = """\
Everything that can send to Opsgenie's Alert API can send here: give it Tocsin's address in place of
https://api.opsgenie.com, and this integration's key as its API key. Alerts are made at

  {url}

In alertmanager.yml:

receivers:
  - name: tocsin
    opsgenie_configs:
      - api_url: {base}
        api_key: {key}

With Opsgenie's Python client: conf.host = "{base}" and conf.api_key["Authorization"] = "{key}".
"""

SOURCE = Source(
    kind="opsgenie",
    label="Opsgenie Alert API",
    about="Any tool or library that can send to Opsgenie, and its heartbeats.",
    parse=parse,
    path="/v2/alerts",
    sample=SAMPLE,
    setup=SETUP,
)
