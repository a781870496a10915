"""Where messages come in: one desk a format, which reads as much as its answers need, and words them."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence

from tocsin.ingest import genie, pings
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN
from tocsin.ingest.desk import RETRY_AFTER, Desk, Draft, Rejected, authorized, receipt_header
from tocsin.ingest.http import Answer, Scope, header, json, problem
from tocsin.sources import alertmanager, headers, pagerduty, sns
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import SOURCES

_UNKNOWN = "No integration that is switched on has this key. Nothing was stored. Copy the URL from its page again."
_PACKED = problem(
    415,
    "Packed",
    "Messages are taken as they are, not compressed: a small one could hold a huge one. Nothing was stored. Switch "
    "compression off in the tool.",
    (b"accept-encoding", b"identity"),
)
_BUSY = "This cannot be stored right now, and nothing was. Send it again."


# PagerDuty


def _invalid(status: int, *errors: str) -> Answer:
    return json(status, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})


def _read_pagerduty(_: Scope, body: bytes) -> Draft:
    event, kept = _checked_pagerduty(pagerduty.read, body)
    key = event.routing_key or ""
    if event.dedup_key:
        return Draft(key=key, body=kept, dedup_key=event.dedup_key)
    made = uuid.uuid4().hex
    return Draft(key=key, body=_with(kept, b"dedup_key", made), dedup_key=made)


def _read_pagerduty_change(_: Scope, body: bytes) -> Draft:
    event, kept = _checked_pagerduty(pagerduty.read_change, body)
    return Draft(key=event.routing_key or "", body=_with(kept, b"event_action", pagerduty.CHANGE))


def _checked_pagerduty(read: Callable[[bytes], pagerduty.Event], body: bytes) -> tuple[pagerduty.Event, bytes]:
    """The event, and the body without its key, which is a secret: it is not kept with the event."""
    try:
        event = read(body)
    except pagerduty.Invalid as error:
        raise Rejected(_invalid(400, *error.errors)) from error
    key = event.routing_key or ""
    if len(key) != _KEY_LENGTH:
        raise Rejected(_invalid(400, _BAD_KEY if key else "'routing_key' is missing or blank"))
    return event, body.replace(key.encode(), b"0" * _KEY_LENGTH)


def _key_within(_: Scope, beginning: bytes) -> str:
    """Of an event that is too large to be read."""
    found = _KEY.search(beginning)
    return found[1].decode() if found else ""


def _with(body: bytes, name: bytes, value: str) -> bytes:
    """The object with one more field at its end, where it counts more than one of that name before it."""
    return b'%s,"%s":"%s"}' % (body.rstrip()[:-1], name, value.encode())


def _accepted_pagerduty(draft: Draft, receipt: str) -> Answer:
    said = {"status": "success", "message": "Event processed", "dedup_key": draft.dedup_key}
    return json(202, said, receipt_header(receipt))


def _accepted_pagerduty_change(_: Draft, receipt: str) -> Answer:
    return json(202, {"status": "success", "message": "Change event processed"}, receipt_header(receipt))


def _pagerduty(read: Callable[[Scope, bytes], Draft], accepted: Callable[[Draft, str], Answer]) -> Desk:
    return Desk(
        kind="pagerduty",
        key=_key_within,
        read=read,
        accepted=accepted,
        unknown=_invalid(400, "'routing_key' is invalid: no integration that is switched on has it"),
        busy=json(429, _THROTTLED, RETRY_AFTER),
        too_large=_invalid(413, f"Event exceeds the maximum size of {LARGEST // 1024} KB"),
        packed=_PACKED,
    )


_KEY_LENGTH = 32
_KEY = re.compile(rb'"routing_key"\s*:\s*"([0-9a-f]{32})"')
_BAD_KEY = "Length of 'routing_key' is incorrect (should be 32 characters)"
_THROTTLED = {
    "status": "throttle exceeded",
    "message": "Requests for this service are arriving too quickly. Please retry later.",
}


# webhooks


def _read_webhook(check: Callable[[bytes], object], keeps: Sequence[str] = ()) -> Callable[[Scope, bytes], Draft]:
    def read(scope: Scope, body: bytes) -> Draft:
        try:
            check(body)
        except Unreadable as error:
            raise Rejected(problem(400, "Cannot be read", f"{error} Nothing was stored.")) from error
        found = {name: header(scope, name.encode()).decode("latin-1") for name in keeps}
        return Draft(key=_key_of(scope), body=headers.keep(body, found))

    return read


def _key_of(scope: Scope, _: bytes = b"") -> str:
    """The last part of the path, or a bearer token."""
    parts = scope["path"].rstrip("/").removesuffix(_PUSH).strip("/").split("/")
    if len(parts) == 3:  # noqa: PLR2004 - in, the kind, the key
        return str(parts[2])
    return authorized(scope, b"bearer")


def _accepted_webhook(_: Draft, receipt: str) -> Answer:
    return json(202, {"receipt": receipt}, receipt_header(receipt))


def _accepted_sns(_: Draft, receipt: str) -> Answer:
    """SNS counts this one as delivered, whatever it makes of others that begin with a 2."""
    return json(200, {"receipt": receipt}, receipt_header(receipt))


def _webhook(
    kind: str,
    read: Callable[[Scope, bytes], Draft],
    accepted: Callable[[Draft, str], Answer] = _accepted_webhook,
    *,
    most: int = LARGEST_KNOWN,
    is_quick: bool = True,
) -> Desk:
    return Desk(
        kind=kind,
        key=_key_of,
        read=read,
        accepted=accepted,
        unknown=problem(401, "Unknown key", _UNKNOWN),
        busy=problem(503, "Try again", _BUSY, RETRY_AFTER),
        too_large=problem(413, "Too large", f"A message has at most {most // 1024} KB. Nothing was stored."),
        most=most,
        packed=_PACKED,
        is_quick=is_quick,
    )


# Alertmanager's own API, where Prometheus sends to

_PUSH = "/api/v2/alerts"
_WRONG_TYPE = json(415, {"code": 415, "message": "unsupported media type, only [application/json] are allowed"})


def _read_push(scope: Scope, body: bytes) -> Draft:
    media_type = header(scope, b"content-type").partition(b";")[0].strip().lower()
    if media_type != b"application/json":
        raise Rejected(_WRONG_TYPE)
    try:
        sifted = alertmanager.sift(body)
    except Unreadable as error:
        raise Rejected(json(400, {"code": 400, "message": str(error)})) from error
    said = "; ".join(sifted.errors)
    if said and not sifted.count:
        raise Rejected(json(400, said))
    return Draft(key=_key_of(scope), body=sifted.good, error=said)


def _accepted_push(draft: Draft, receipt: str) -> Answer:
    """As Alertmanager says it: of a mixed batch the good alerts are kept, and the answer is what was wrong."""
    if draft.error:
        return json(400, draft.error, receipt_header(receipt))
    return Answer(status=200, body=b"", headers=(receipt_header(receipt),))


DESKS: Mapping[str, Desk] = {
    "/v2/enqueue": _pagerduty(_read_pagerduty, _accepted_pagerduty),
    "/v2/change/enqueue": _pagerduty(_read_pagerduty_change, _accepted_pagerduty_change),
    f"/in/alertmanager{_PUSH}": _webhook("alertmanager", _read_push, _accepted_push),
    **{
        f"/in/{s.kind}": _webhook(s.kind, _read_webhook(s.check, s.keeps))
        for s in SOURCES.values()
        if s.check is not None
    },
    "/in/sns": _webhook("sns", _read_webhook(sns.read), _accepted_sns, most=LARGEST, is_quick=False),
}
_WEBHOOK = re.compile(rf"(/in/[a-z]+)(?:/[^/]*)?({_PUSH})?/?")


def desk_at(path: str) -> Desk | None:
    if (desk := DESKS.get(path) or pings.desk_at(path) or genie.desk_at(path)) is not None:
        return desk
    found = _WEBHOOK.fullmatch(path)
    return DESKS.get(found[1] + (found[2] or "") if found else path.rstrip("/"))
