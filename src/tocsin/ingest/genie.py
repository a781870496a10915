"""Where Opsgenie's clients write to: alerts, what is done to them, and heartbeats. What they ask goes to pages."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

import msgspec

from tocsin import clock
from tocsin.ingest.contract import LARGEST
from tocsin.ingest.desk import RETRY_AFTER, Desk, Draft, Rejected, authorized, receipt_header
from tocsin.ingest.http import Answer, Scope, json
from tocsin.sources import opsgenie

NO_REQUEST = str(uuid.UUID(int=0))  # what was refused is not kept, and cannot be looked up
_ALERTS, _HEARTBEATS = "/v2/alerts", "/v2/heartbeats"
_BYS = ("id", "tiny", "alias")
_METHODS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("close", "acknowledge", "unacknowledge", "notes", "tags", "details"), ("POST",)),
    **dict.fromkeys(("message", "description", "priority"), ("PUT",)),
}
_NOT_DONE = (
    "Tocsin does not do this to an alert, and nothing was changed. Close, acknowledge, unacknowledge, notes, tags, "
    "details, message, description and priority are done; who is paged is the escalation policy's."
)
_NO_HEARTBEATS = (
    "Heartbeats are made, changed and deleted in Tocsin itself. Here they are only pinged. Nothing changed."
)
_PACKED = "Requests are taken as they are, not compressed. Nothing was stored."
_UNKNOWN = "No integration that is switched on has this key. Nothing was stored."
_TOO_LARGE = f"A request has at most {LARGEST // 1024} KB. Nothing was stored."


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What an address says."""

    verb: str
    identifier: str = ""
    by: str = "id"

    def told(self, made: str = "") -> bytes:
        """As a member of the stored body."""
        return msgspec.json.encode({"verb": self.verb, "identifier": self.identifier, "by": self.by, "id": made})


def refusal(
    status: int, message: str, errors: Mapping[str, str] | None = None, *headers: tuple[bytes, bytes]
) -> Answer:
    """In Opsgenie's shape."""
    said: dict[str, object] = {"message": message, "code": status, "took": 0.0, "requestId": NO_REQUEST}
    return json(status, said | ({"errors": errors} if errors else {}), *headers)


def desk_at(path: str) -> Desk | None:
    if path.startswith(_ALERTS) and path[len(_ALERTS) :][:1] in ("", "/"):
        return ALERTS
    return HEARTBEATS if _is_heartbeat(path) else None


def _is_heartbeat(path: str) -> bool:
    return path.startswith(f"{_HEARTBEATS}/") or path == _HEARTBEATS


def _read_alert(scope: Scope, body: bytes) -> Draft:
    began, place, body = clock.monotonic(), _place(scope), _object(body)
    try:
        opsgenie.check(opsgenie.read(body), place.verb)
    except opsgenie.Invalid as error:
        raise Rejected(refusal(422 if error.errors else 400, str(error), error.errors)) from error
    made = str(uuid.uuid4()) if place.verb == "create" else ""
    return Draft(key=_key(scope), body=_with(body, place.told(made)), began=began)


def _place(scope: Scope) -> Place:
    method, (identifier, *rest) = scope.get("method", "POST"), _parts(scope, _ALERTS) or [""]
    if not identifier and method == "POST":
        return Place(verb="create")
    verb = rest[0] if len(rest) == 1 else ""
    if verb not in _METHODS or method not in _METHODS[verb]:
        raise Rejected(refusal(422, _NOT_DONE))
    by = _asked(scope, "identifierType") or "id"
    if by not in _BYS:
        raise Rejected(refusal(422, "identifierType should be one of [id, tiny, alias]."))
    return Place(verb=verb, identifier=identifier, by=by)


def _read_ping(scope: Scope, _: bytes) -> Draft:
    """Whatever is in the body is of no interest."""
    began, parts = clock.monotonic(), _parts(scope, _HEARTBEATS)
    if len(parts) != 2 or parts[1] != opsgenie.PING:  # noqa: PLR2004 - name, ping
        raise Rejected(refusal(422, _NO_HEARTBEATS))
    return Draft(key=_key(scope), body=_with(b"{}", Place(verb=opsgenie.PING, identifier=parts[0]).told()), began=began)


def _parts(scope: Scope, below: str) -> list[str]:
    """Of the path as it was sent: what is between slashes may have slashes of its own, escaped."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    return [unquote(part) for part in path[len(below) :].strip("/").split("/") if part]


def _asked(scope: Scope, name: str) -> str:
    query: bytes = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get(name, [""])[-1]


def _key(scope: Scope, _: bytes = b"") -> str:
    return authorized(scope, b"geniekey") or (_asked(scope, "apiKey") if _is_heartbeat(scope["path"]) else "")


def _object(body: bytes) -> bytes:
    """Many actions need no body."""
    body = body.strip()
    return b"{}" if body in {b"", b"null"} else body


def _with(body: bytes, told: bytes) -> bytes:
    """The object with one more member at its end, where it counts more than one of this name before it."""
    inside = body[:-1].rstrip()
    return b'%s%s"tocsin":%s}' % (inside, b"" if inside == b"{" else b",", told)


def _accepted_alert(draft: Draft, receipt: str) -> Answer:
    return _accepted("Request will be processed", draft, receipt)


def _accepted_ping(draft: Draft, receipt: str) -> Answer:
    return _accepted("PONG - Heartbeat received", draft, receipt)


def _accepted(result: str, draft: Draft, receipt: str) -> Answer:
    took = round(clock.monotonic() - draft.began, 3)
    return json(202, {"result": result, "took": took, "requestId": receipt}, receipt_header(receipt))


def _desk(
    read: Callable[[Scope, bytes], Draft], accepted: Callable[[Draft, str], Answer], methods: tuple[str, ...]
) -> Desk:
    return Desk(
        kind="opsgenie",
        key=_key,
        read=read,
        accepted=accepted,
        unknown=refusal(401, _UNKNOWN),
        busy=refusal(429, "You are making too many requests! This was not stored; send it again.", None, RETRY_AFTER),
        too_large=refusal(413, _TOO_LARGE),
        methods=methods,
        packed=refusal(415, _PACKED, None, (b"accept-encoding", b"identity")),
    )


ALERTS = _desk(_read_alert, _accepted_alert, ("POST", "PUT", "PATCH", "DELETE"))
HEARTBEATS = _desk(_read_ping, _accepted_ping, ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
