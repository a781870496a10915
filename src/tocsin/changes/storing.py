"""What was heard, as the fields of a row; and what news change in one."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.changes.models import Change
from tocsin.core import signals, storable

_SAID = ("summary", "status", "source", "environment", "version", "author", "rollback")


def fields_of(what: signals.Change) -> dict[str, object]:
    """Without its times, and with nothing that a database refuses."""
    links = [{"href": storable.text(link.href), "text": storable.text(link.text)} for link in what.links]
    said = {name: storable.text(getattr(what, name)) for name in (*_SAID, "key")}
    return {**said, "links": links, "details": storable.json(dict(what.details))}


def news(row: Change, what: signals.Change, at: datetime) -> dict[str, object]:
    """What of the row is different now. News that are older than the last only tell when it was begun."""
    began: dict[str, object] = {"at": at} if at < row.at else {}
    if at < row.said_at:
        return began
    told = {name: value for name, value in fields_of(what).items() if value}
    return {**began, **_changed(row, told), "said_at": at}


def _changed(row: Change, told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if getattr(row, name) != value}
