"""Whatever comes, a source reads it or says that it cannot."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.signals import Beat, Change, Signal
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.registry import SOURCES

JSON = {kind: source for kind, source in SOURCES.items() if not source.is_mailed}
FEW = settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["resolved", "firing", "2026-03-04T12:00:00Z", "0001-01-01T00:00:00Z", "https://x", "P1", "\x00"])
)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def read(source: Source, body: bytes) -> None:
    """What it reads fits an alert, or a change."""
    try:
        heard = source.parse(body, {}, NOON)
    except Unreadable:
        return
    for each in heard:
        fits_alert(each) if isinstance(each, Signal) else fits_other(each)


def fits_alert(signal: Signal) -> None:
    assert len(signal.dedup_key) in range(1, 256), signal
    assert len(signal.summary) <= 1024
    assert max(len(signal.source), len(signal.component)) <= 255
    json.dumps(dict(signal.details), allow_nan=False)


def fits_other(change: object) -> None:
    if isinstance(change, Beat):
        assert (len(change.name) <= 255, len(change.run_id) <= 64, len(change.body) <= 10_000) == (True, True, True)
        return
    assert isinstance(change, Change)
    assert len(change.summary) in range(1, 1025), change
    assert max(len(change.key), len(change.source), len(change.version), len(change.author)) <= 255
    assert (len(change.status) <= 20, len(change.environment) <= 80, len(change.delivery) <= 80) == (True, True, True)
    json.dumps(dict(change.details), allow_nan=False)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@FEW
@given(value=ANY)
def test_any_json_is_read_or_refused(source: Source, value: object) -> None:
    read(source, json.dumps(value).encode())


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@FEW
@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(source: Source, body: bytes) -> None:
    read(source, body)


@pytest.mark.parametrize("source", JSON.values(), ids=JSON)
@FEW
@given(data=st.data())
def test_a_message_with_anything_in_any_of_its_places_is_read_or_refused(source: Source, data: st.DataObject) -> None:
    message = json.loads(source.sample)
    holder, name = data.draw(st.sampled_from(list(_places(message))))
    holder[name] = data.draw(ANY)
    read(source, json.dumps(message).encode())


@pytest.mark.parametrize("source", JSON.values(), ids=JSON)
def test_a_message_of_endless_depth_is_refused(source: Source) -> None:
    for body in (b"[" * 100_000, b'{"data":' * 100_000):
        with pytest.raises(Unreadable):
            source.parse(body, {}, NOON)


@FEW
@given(labels=ANY, starts=ANY, ends=ANY)
def test_any_alert_of_prometheus_is_read_or_refused(labels: object, starts: object, ends: object) -> None:
    alert = {"labels": labels, "startsAt": starts, "endsAt": ends}
    read(SOURCES["alertmanager"], json.dumps([alert]).encode())


def _places(value: Any) -> Any:
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in found:
        yield value, name
        yield from _places(inner)
