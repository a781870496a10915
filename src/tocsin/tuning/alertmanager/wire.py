"""The JSON of Alertmanager's API v2 (prometheus/alertmanager, api/v2/openapi.yaml), read and written.

Labels are all that its tools know. Where Tocsin means something else by a name (`severity`, `service`), their matchers
are about the label of that name, and are kept as `labels.severity`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from tocsin.core import storable
from tocsin.core.matching import Matcher, Matchers, Op, Unparsable, parse
from tocsin.rules import queries
from tocsin.rules.models import Silence

_OPS = {(False, True): Op.IS, (False, False): Op.IS_NOT, (True, True): Op.LIKE, (True, False): Op.UNLIKE}
_TOCSINS = {"severity", "source", "component", "summary", "dedup_key", "service", "integration", "kind"}
_LABEL = "labels."
_REQUIRED = ("comment", "createdBy", "endsAt", "matchers", "startsAt")


class Misfit(Exception):
    """What was sent is not taken; `body` and `status` say so as Alertmanager does."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status, body)
        self.status, self.body = status, body


class PostedMatcher(msgspec.Struct, rename="camel"):
    name: str
    value: str
    is_regex: bool
    is_equal: bool | None = None  # true when it is not said: older clients do not


class Posted(msgspec.Struct, rename="camel"):
    """A silence as it is sent."""

    matchers: list[PostedMatcher] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    created_by: str | None = None
    comment: str | None = None
    id: str | None = None


_decoder = msgspec.json.Decoder(Posted)


def coded(status: int, message: str, code: int = 0) -> Misfit:
    return Misfit(status, {"code": code or status, "message": message})


def read(body: bytes) -> Posted:
    """With all that is required. `Misfit`."""
    try:
        posted = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise coded(400, f'parsing silence body from "" failed, because {error}') from error
    given = msgspec.to_builtins(posted)
    for name in _REQUIRED:
        if given[name] is None:
            raise coded(422, f"{name} in body is required", 602)
    if not posted.matchers:
        raise coded(422, "matchers in body should have at least 1 items", 612)
    if storable.json(given) != given:
        raise coded(400, 'parsing silence body from "" failed, because no database keeps a text with a NUL')
    return posted


def matchers_of(posted: Posted) -> Matchers:
    """`Misfit` for an expression that is none, and for what would match everything."""
    try:
        found = tuple(_matcher(each) for each in posted.matchers or ())
    except Unparsable as error:
        raise Misfit(400, f"silence invalid: {error}") from error
    if all(matcher.holds({}) for matcher in found):
        raise Misfit(400, "silence invalid: at least one matcher must not match the empty string")
    return found


def _matcher(posted: PostedMatcher) -> Matcher:
    op = _OPS[posted.is_regex, posted.is_equal is not False]
    name = _LABEL + posted.name if posted.name in _TOCSINS else posted.name
    return Matcher(name=name, op=op, value=posted.value)


def silence(row: Silence, now: datetime) -> dict[str, object]:
    return {
        "id": str(row.uuid),
        "status": {"state": queries.state_of(row, now)},
        "updatedAt": moment(row.updated_at),
        "comment": row.reason,
        "createdBy": row.creator,
        "endsAt": moment(row.ends_at),
        "matchers": [_written(matcher) for matcher in parse(row.matchers)],
        "startsAt": moment(row.starts_at),
    }


def values_of(row: Silence) -> dict[str, str]:
    """What filters are held against: the value beside each name."""
    return {_label(matcher.name): matcher.value for matcher in parse(row.matchers)}


def _written(matcher: Matcher) -> dict[str, object]:
    return {
        "isEqual": not matcher.op.is_negative,
        "isRegex": matcher.op.is_regex,
        "name": _label(matcher.name),
        "value": matcher.value,
    }


def _label(name: str) -> str:
    return name.removeprefix(_LABEL)


def moment(at: datetime) -> str:
    """With milliseconds, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def texts(value: object) -> dict[str, str]:
    """Labels or annotations of a stored alert."""
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, Mapping) else {}
