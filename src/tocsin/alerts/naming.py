"""Which alert a signal means that does not call it by its key, but by an id of its tool's or by its number here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from tocsin.alerts.models import Alert
from tocsin.core.signals import Action, Naming, Signal

_LARGEST = 2**63  # what a database counts to


class Called(NamedTuple):
    integration_id: int
    naming: Naming
    name: str


def by_key(said: Sequence[tuple[int, Signal]], *, is_past: bool = False) -> list[Signal]:
    """The same signals of these integrations; those that can be told call their alert by its key.

    An alert may have been opened by a signal that stands before. One that is unknown keeps its name and naming: nothing
    is open under it. `is_past`: it was said some time ago, and what was open then may be resolved now.
    """
    called = {Called(i, s.naming, s.dedup_key) for i, s in said if s.naming is not Naming.KEY}
    if not called:
        return [signal for _, signal in said]
    known = dict(_stored(called, Alert.objects.all() if is_past else Alert.objects.exclude(state="resolved")))
    told = []
    for integration_id, signal in said:
        if signal.uid and signal.action is Action.TRIGGER:
            known.setdefault(Called(integration_id, Naming.ID, signal.uid), signal.dedup_key)
        key = known.get(Called(integration_id, signal.naming, signal.dedup_key))
        told.append(signal if key is None else replace(signal, dedup_key=key, naming=Naming.KEY))
    return told


def _stored(called: set[Called], among: QuerySet[Alert]) -> Mapping[Called, str]:
    ids = {c.name for c in called if c.naming is Naming.ID and _is_uuid(c.name)}
    numbers = {int(c.name) for c in called if c.naming is Naming.NUMBER and _is_number(c.name)}
    rows = among.values_list("integration_id", "uid", "pk", "dedup_key")
    found = [*rows.filter(uid__in=ids), *rows.filter(pk__in=numbers)]
    by_id = {Called(i, Naming.ID, str(uid)): key for i, uid, _, key in found if uid}
    return by_id | {Called(i, Naming.NUMBER, str(pk)): key for i, _, pk, key in found}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    is_short = len(text) < 20  # noqa: PLR2004 - Python reads no number of thousands of digits
    return is_short and text.isascii() and text.isdigit() and int(text) < _LARGEST
