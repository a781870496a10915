"""Times as other tools write them."""

import re
from datetime import UTC, datetime

_FIRST, _LAST = 0, 4_102_444_800  # seconds: 1970 and 2100; nothing that happened is outside them
_WORDS = re.compile(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(UTC|Z|[+-]\d\d:?\d\d)?$")


def exact(text: str | None) -> datetime | None:
    """ISO 8601 with fractions of a second, in UTC. None for no time, which Go writes as the first second of year 1.
    `ValueError` when it is none."""
    if not text or text.startswith("0001-"):
        return None
    # some write the zone twice
    read = datetime.fromisoformat(text.removesuffix("Z") if text.endswith("+00:00Z") else text)
    try:
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is out of range") from error


def said(value: object) -> datetime | None:
    """As `exact`; what cannot be read tells nothing, and does no harm."""
    try:
        return exact(value) if isinstance(value, str) else None
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """Aware, in UTC; without a zone it is taken as UTC. None: it is no time that makes sense."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC) if _FIRST <= value <= _LAST else None
    return _written(value.strip()) if isinstance(value, str) else None


def _written(text: str) -> datetime | None:
    """ISO 8601 and what is close to it: a space before the zone, the letters UTC, both a zone and a Z."""
    found = _WORDS.match(re.sub(r"([+-]\d\d:?\d\d)Z$", r"\1", text))
    if found is None:
        return None
    zone = found[3] if found[3] not in (None, "UTC", "Z") else "+00:00"
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if _FIRST <= at.timestamp() <= _LAST else None
