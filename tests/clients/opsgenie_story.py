"""Opsgenie's own Python client from making an alert to closing it; prints what it heard, as JSON.

Run by .tools/python, which has the client: `opsgenie_story.py URL KEY`.
"""

import json
import sys

import opsgenie_sdk as og
from opsgenie_sdk.exceptions import AuthenticationException


def client(url: str, key: str) -> og.ApiClient:
    conf = og.Configuration()
    conf.host, conf.api_key["Authorization"] = url, key
    conf.retry_enabled = False
    return og.ApiClient(conf)


def status(accepted: og.SuccessResponse) -> list[object]:
    """As its own polling hears it."""
    data = accepted.retrieve_result().data
    return [data.is_success, data.action, data.status]


def story(api: og.ApiClient) -> dict[str, object]:
    alerts = og.AlertApi(api)
    made = alerts.create_alert(
        og.CreateAlertPayload(
            message="Queue of orders is old",
            alias="orders/queue age",
            description="The oldest is 12 minutes old.",
            tags=["eu", "orders"],
            details={"queue": "orders"},
            entity="orders",
            source="cron-1",
            priority="P1",
            note="It began at noon.",
        )
    )
    said: dict[str, object] = {"created": [made.result, *status(made)]}
    by = {"identifier": "orders/queue age", "identifier_type": "alias"}
    acknowledged = alerts.acknowledge_alert(
        **by, acknowledge_alert_payload=og.AcknowledgeAlertPayload(user="Grace", note="Looking.")
    )
    said["acknowledged"] = status(acknowledged)
    said["noted"] = status(alerts.add_note(made.id, og.AddNoteToAlertPayload(user="Grace", note="Restarted.")))
    whole = made.retrieve_resulting_action().data
    said["got"] = [whole.id == made.id, whole.alias, whole.message, whole.status, whole.acknowledged, whole.priority]
    said["more"] = [whole.description, whole.details, whole.tags, whole.entity, whole.source]
    tiny = alerts.get_alert(whole.tiny_id, identifier_type="tiny").data
    said["times"] = [tiny.created_at.utcoffset().total_seconds(), tiny.created_at <= tiny.updated_at]
    said["open"] = [row.alias for row in alerts.list_alerts(query="status: open AND priority: P1").data]
    said["count"] = alerts.count_alerts(query="status: open").data.count
    said["closed"] = status(alerts.close_alert(made.id, close_alert_payload=og.CloseAlertPayload(note="Mended.")))
    said["after"] = [row.status for row in alerts.list_alerts(limit=5, sort="createdAt", order="asc").data]
    ping = og.HeartbeatApi(api).ping("nightly backup")
    said["ping"] = [ping.result, bool(ping.request_id)]
    return said


def refused(url: str) -> list[int]:
    """The statuses of what a wrong key may not do."""
    alerts, heard = og.AlertApi(client(url, "f" * 32)), []
    for ask in (alerts.list_alerts, lambda: alerts.create_alert(og.CreateAlertPayload(message="x"))):
        try:
            ask()
        except AuthenticationException as error:
            heard.append(error.status)
    return heard


if __name__ == "__main__":
    url, key = sys.argv[1:]
    sys.stdout.write(json.dumps({**story(client(url, key)), "refused": refused(url)}))
