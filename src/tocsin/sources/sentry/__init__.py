"""Sentry, by an internal integration. https://docs.sentry.io/organization/integrations/integration-platform/webhooks/

`Sentry-Hook-Resource` says what a message is about, and so does what it holds: an issue alert has an event, a metric
alert its incident, an issue itself. Everything about one issue has one key, so resolving it there resolves it here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import loose, texts
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.loose import Json
from tocsin.sources.signatures import is_hmac_sha256

SIGNATURE = "sentry-hook-signature"
_SEVERITIES = {"fatal": Severity.CRITICAL, "sample": Severity.INFO}
_OPENS = ("created", "unresolved")
_CLOSES = ("resolved", "archived", "ignored")


def read(body: bytes) -> Json:
    """`Unreadable` when it is no webhook of Sentry."""
    sent = loose.read(body, "a webhook of Sentry")
    if not isinstance(sent.get("data"), Mapping):
        raise Unreadable("This is not a webhook of Sentry: it has no object `data`.")
    return sent


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    """Nothing for what is no news of an alert: installations, comments, assignments, seats."""
    sent = read(body)
    action, data = loose.text(sent, "action"), loose.part(sent, "data")
    if event := loose.part(data, "event"):
        return [_event(event, data)]
    if incident := loose.part(data, "metric_alert"):
        return [_metric(action, incident, data)]
    issue = loose.part(data, "issue")
    return _issue(action, issue) if issue else []


def _event(event: Json, data: Json) -> Signal:
    rule = loose.text(data, "triggered_rule")
    known = loose.kept(event, "culprit", "environment", "platform", "release", "location", "event_id", "tags")
    return Signal(
        action=Action.TRIGGER,
        dedup_key=_key("issue", loose.text(event, "issue_id", "groupID", "event_id")),
        summary=_title(event),
        severity=_severity(loose.text(event, "level")),
        source=texts.name(loose.text(event, "server_name", "environment") or _tag(event, "server_name")),
        component=texts.name(loose.text(event, "project_name", "project_slug", "project")),
        details={**({"rule": rule} if rule else {}), **known},
        links=texts.links([(event.get("web_url"), "Event in Sentry")]),
    )


def _metric(action: str, incident: Json, data: Json) -> Signal:
    key = _key("metric", loose.text(incident, "id", "identifier"))
    if action == "resolved":
        return Signal(action=Action.RESOLVE, dedup_key=key)
    rule = loose.part(incident, "alert_rule")
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=texts.summary(loose.text(incident, "title") or loose.text(data, "description_title") or "Metric alert"),
        severity=texts.severity_of(action or "error"),
        component=texts.name(", ".join(_names(incident.get("projects")))),
        details={
            **loose.kept(data, "description_text", "description_title"),
            **loose.kept(rule, "name", "aggregate", "query", "dataset", "time_window", "environment"),
        },
        links=texts.links([(data.get("web_url"), "Alert in Sentry")]),
    )


def _issue(action: str, issue: Json) -> list[Signal]:
    key = _key("issue", loose.text(issue, "id", "shortId"))
    if action in _CLOSES:
        return [Signal(action=Action.RESOLVE, dedup_key=key)]
    if action not in _OPENS:
        return []
    project = loose.part(issue, "project")
    trigger = Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=_title(issue),
        severity=_severity(loose.text(issue, "level")),
        component=texts.name(loose.text(project, "name", "slug")),
        details=loose.kept(issue, "shortId", "culprit", "count", "userCount", "firstSeen", "substatus", "platform"),
        links=texts.links([(loose.text(issue, "web_url", "permalink"), "Issue in Sentry")]),
    )
    return [trigger]


def _key(of: str, found: str) -> str:
    if not found:
        raise Unreadable(f"The message of Sentry does not say which {of} it is about.")
    return texts.key(f"{of}-{found}")


def _title(found: Json) -> str:
    return texts.summary(loose.text(found, "title", "message", "culprit") or "Issue without a title")


def _severity(level: str) -> Severity:
    return _SEVERITIES.get(level) or texts.severity_of(level or "error")


def _tag(event: Json, name: str) -> str:
    """Tags are pairs."""
    tags = event.get("tags")
    pairs = (tag for tag in tags if isinstance(tag, list)) if isinstance(tags, list) else ()
    return next((str(rest[0]) for first, *rest in filter(None, pairs) if first == name and rest), "")


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []


def is_signed(secret: str, body: bytes, header: Callable[[str], str], received_at: datetime) -> bool:  # noqa: ARG001
    """The time that Sentry sends is not signed, so it proves nothing."""
    return is_hmac_sha256(secret, body, header(SIGNATURE))


SAMPLE = b"""{
  "action": "triggered",
  "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
  "actor": {"type": "application", "id": "sentry", "name": "Sentry"},
  "data": {
    "event": {
      "event_id": "e4874d664c3540c1a32eab185f12c5ab",
      "issue_id": "1170820242",
      "issue_url": "https://sentry.io/api/0/issues/1170820242/",
      "web_url": "https://sentry.io/organizations/example/issues/1170820242/events/e4874d664c3540c1a32eab185f12c5ab/",
      "title": "PaymentRefused: the bank does not answer",
      "culprit": "shop.payments in charge",
      "level": "error",
      "platform": "python",
      "project": 1,
      "datetime": "2026-03-04T11:58:00.000000Z",
      "tags": [["environment", "production"], ["server_name", "web-3"]]
    },
    "triggered_rule": "New errors in payments"
  }
}"""

SETUP = """\
In Sentry: Settings, Developer Settings, Custom Integrations, Create New Integration, Internal. As Webhook URL:

  {url}

Switch on “Alert Rule Action”, give it the permission Issue & Event: Read, and tick “issue” under Webhooks, so that
what is resolved in Sentry is resolved here. Save, copy the Client Secret, and put it into this integration under
“Change”: from then on, only what Sentry has signed is taken.

Then add the action “Send a notification via” this integration to the alert rules that are to page.
"""

SOURCE = Source(
    kind="sentry",
    label="Sentry",
    about="Issue alerts, metric alerts and issues, signed by an internal integration.",
    parse=parse,
    path="/in/sentry/{key}",
    sample=SAMPLE,
    setup=SETUP,
    check=read,
    is_signed=is_signed,
)
