"""Where cron jobs and workers ping, in the manner of Healthchecks. https://healthchecks.io/docs/http_api/

`HEAD|GET|POST /ping/{key}[/start|/fail|/log|/0–255][?rid=UUID]`; the answers are plain text.

And in the manner of Uptime Kuma's push monitors: `GET /api/push/{key}?status=up|down&msg=&ping=`, where ping is in
milliseconds; the answers are its JSON. https://github.com/louislam/uptime-kuma, server/routers/api-router.js
"""

import re
import uuid
from urllib.parse import parse_qs

import msgspec

from tocsin.core.signals import BeatKind
from tocsin.ingest.desk import RETRY_AFTER, Desk, Draft, Rejected, receipt_header
from tocsin.ingest.http import Answer, Scope, json
from tocsin.sources.heartbeat import LONGEST, Kept

MOST = 16 * 1024 * 1024  # bytes: whole logs are sent, and their beginning is kept
_HIGHEST_CODE = 255
_TEXT = b"text/plain; charset=utf-8"
_LIMIT = (b"ping-body-limit", str(LONGEST).encode())  # clients cut what they send to it
_KINDS = {"": BeatKind.SUCCESS, "start": BeatKind.START, "fail": BeatKind.FAIL, "log": BeatKind.LOG}
_PATH = re.compile(r"/ping/([0-9A-Fa-f-]{32,36})(?:/(start|fail|log|[0-9]{1,3}))?/?")
_PUSH_PATH = re.compile(r"/api/push/([0-9A-Fa-f-]{32,36})/?")
_MILLISECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def desk_at(path: str) -> Desk | None:
    if path.startswith("/ping/"):
        return DESK
    return PUSH if path.startswith("/api/push/") else None


def _text(status: int, said: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status=status, body=said.encode(), content_type=_TEXT, headers=(_LIMIT, *headers))


def _key(scope: Scope, _: bytes = b"") -> str:
    found = _PATH.fullmatch(scope["path"]) or _PUSH_PATH.fullmatch(scope["path"])
    return found[1].replace("-", "").lower() if found else ""


def _read(scope: Scope, body: bytes) -> Draft:
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        raise Rejected(_UNKNOWN)
    word = found[2] or ""
    kept = Kept(
        kind=_kind(word),
        exit_code=int(word) if word.isdigit() else None,
        run_id=_run_id(scope),
        body=body.decode(errors="replace"),
    )
    return Draft(key=_key(scope), body=msgspec.json.encode(kept))


def _kind(word: str) -> BeatKind:
    if not word.isdigit():
        return _KINDS[word]
    if int(word) > _HIGHEST_CODE:
        raise Rejected(_text(400, "an exit code is from 0 to 255; nothing was stored"))
    return BeatKind.FAIL if int(word) else BeatKind.SUCCESS


def _asked(scope: Scope, name: str) -> str:
    query: bytes = scope.get("query_string", b"")
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def _run_id(scope: Scope) -> str:
    given = _asked(scope, "rid")
    try:
        return str(uuid.UUID(given)) if given else ""
    except ValueError as error:
        raise Rejected(_text(400, "rid is not a UUID; nothing was stored")) from error


def _accepted(_: Draft, receipt: str) -> Answer:
    return _text(200, "OK", receipt_header(receipt))


_UNKNOWN = _text(404, "not found: no heartbeat that is switched on has this address; nothing was stored")
DESK = Desk(
    kind="heartbeat",
    key=_key,
    read=_read,
    accepted=_accepted,
    unknown=_UNKNOWN,
    busy=_text(503, "this cannot be stored right now; send it again", RETRY_AFTER),
    too_large=_text(413, f"a ping has at most {MOST // 1024 // 1024} MB"),
    methods=("HEAD", "GET", "POST"),
    most=MOST,
    kept=LONGEST,
)


# as Uptime Kuma hears them


def _read_push(scope: Scope, _: bytes) -> Draft:
    """Whatever is not “up” is down, and a time that is no number is none, as there."""
    took = _MILLISECONDS.fullmatch(_asked(scope, "ping"))
    kept = Kept(
        kind=BeatKind.SUCCESS if _asked(scope, "status") in {"", "up"} else BeatKind.FAIL,
        body=_asked(scope, "msg")[:LONGEST],
        seconds=float(took[0]) / 1000 if took else None,
    )
    return Draft(key=_key(scope), body=msgspec.json.encode(kept))


def _accepted_push(_: Draft, receipt: str) -> Answer:
    return json(200, {"ok": True}, receipt_header(receipt))


def _no(status: int, why: str, *headers: tuple[bytes, bytes]) -> Answer:
    return json(status, {"ok": False, "msg": why}, *headers)


PUSH = Desk(
    kind="heartbeat",
    key=_key,
    read=_read_push,
    accepted=_accepted_push,
    unknown=_no(404, "Monitor not found or not active. No heartbeat that is switched on has this address."),
    busy=_no(503, "This cannot be stored right now; send it again.", RETRY_AFTER),
    too_large=_no(413, "What is pushed stands in the address; a body has no use here."),
    methods=("HEAD", "GET", "POST"),
    most=MOST,
    kept=0,
)
