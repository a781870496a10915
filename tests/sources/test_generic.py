"""Generic JSON: by usual names, and by mapping."""

import json

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import generic
from tocsin.sources.contract import Unreadable

# what Uptime Kuma sends
KUMA = {
    "heartbeat": {"monitorID": 7, "status": 0, "msg": "timeout", "time": "2026-03-04 12:00:00"},
    "monitor": {"id": 7, "name": "Shop", "url": "https://shop.example.org"},
    "msg": "[Shop] [Down] timeout",
}
KUMA_MAPPING = {
    "summary": "{{ monitor.name }} is {% if heartbeat.status %}up{% else %}down{% endif %}: {{ heartbeat.msg }}",
    "dedup_key": "join('-', ['monitor', to_string(monitor.id)])",
    "action": "to_string(heartbeat.status)",
    "actions": {"1": "resolve", "0": "trigger"},
    "link": "monitor.url",
    "details": "heartbeat",
}


def parse(message: object, **mapping: object) -> list[Signal]:
    return generic.parse(json.dumps(message).encode(), mapping, NOON)


def one(message: object, **mapping: object) -> Signal:
    (signal,) = parse(message, **mapping)
    return signal


def test_usual_names_need_no_mapping() -> None:
    signal = one(json.loads(generic.SAMPLE))
    assert (signal.action, signal.dedup_key, signal.severity) == (Action.TRIGGER, "db1/disk", Severity.WARNING)
    assert (signal.summary, signal.source, signal.component) == ("Disk of db1 is 91 % full", "db1", "postgresql")
    assert signal.details == {"mount": "/var/lib/postgresql", "free": "18 GB"}
    assert signal.links[0].href == "https://grafana.example.org/d/disks"


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ({"summary": "x"}, Action.TRIGGER),
        ({"summary": "x", "status": "RESOLVED"}, Action.RESOLVE),
        ({"summary": "x", "state": "ok"}, Action.RESOLVE),
        ({"summary": "x", "event_action": "acknowledge"}, Action.ACKNOWLEDGE),
        ({"summary": "x", "status": "flurb"}, Action.TRIGGER),  # unknown: pages
        ({"summary": "x", "status": {"odd": 1}}, Action.TRIGGER),
    ],
    ids=range(6),
)
def test_the_action_is_found(message: object, action: Action) -> None:
    assert one(message).action is action


def test_without_a_key_the_same_words_are_the_same_problem() -> None:
    assert one({"summary": "disk full"}).dedup_key == one({"summary": "disk full", "state": "ok"}).dedup_key
    assert one({"summary": "disk full"}).dedup_key != one({"summary": "disk empty"}).dedup_key


def test_a_list_is_several_alerts() -> None:
    assert [s.summary for s in parse([{"title": "a"}, {"title": "b"}])] == ["a", "b"]


def test_a_text_is_its_own_summary() -> None:
    assert one("the house is on fire").summary == "the house is on fire"


def test_a_mapping_reads_what_another_tool_sends() -> None:
    signal = one(KUMA, **KUMA_MAPPING)
    assert (signal.summary, signal.dedup_key) == ("Shop is down: timeout", "monitor-7")
    assert signal.action is Action.TRIGGER
    assert signal.links[0].href == "https://shop.example.org"
    assert signal.details == KUMA["heartbeat"]
    up = one({**KUMA, "heartbeat": {"status": 1, "msg": "200"}}, **KUMA_MAPPING)
    assert (up.action, up.dedup_key) == (Action.RESOLVE, "monitor-7")


def test_each_finds_the_items_and_templates_see_the_whole_message() -> None:
    message = {"cluster": "eu", "alarms": [{"n": "cpu", "l": "P1"}, {"n": "ram", "l": "P9"}]}
    signals = parse(
        message, each="alarms", summary="{{ n }} in {{ event.cluster }}", severity="l", severities={"P9": "info"}
    )
    assert [(s.summary, s.severity) for s in signals] == [
        ("cpu in eu", Severity.CRITICAL),
        ("ram in eu", Severity.INFO),
    ]


def test_long_keys_stay_apart() -> None:
    first, second = (one({"summary": "x", "key": "k" * 300 + end}).dedup_key for end in "ab")
    assert first != second
    assert len(first) <= 255


@pytest.mark.parametrize(
    "mapping",
    [
        {"summary": "monitor..name"},  # no JMESPath
        {"summary": "nofunction(x)"},
        {"summary": "join(monitor, monitor)"},  # wrong types
        {"summary": "{{ monitor.name"},  # no template
        {"summary": "{{ ''.__class__.__mro__ }}{{ ''.__class__.__mro__[1].__subclasses__() }}"},  # the way out
        {"summary": "{{ 'a' * 1000000000 }}"},
        {"summary": "{{ 9 ** 9 ** 9 }}"},
        {"summary": "{{ '%999999999d' | format(1) }}"},
        {"summary": "missing"},  # finds nothing
        {"sumary": "msg"},  # mistyped field
        {"summary": 7},
        {"severities": {"x": "worst"}},
        {"actions": "resolve"},
    ],
    ids=range(13),
)
def test_a_mapping_that_does_not_work_says_so(mapping: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        parse(KUMA, **mapping)


def test_a_template_cannot_write_without_end() -> None:
    signal = one(
        KUMA, summary="{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxx{% endfor %}{% endfor %}"
    )
    assert len(signal.summary) == 1024


@pytest.mark.parametrize("body", [b"", b"{", b"no", b'{"summary": "\xff"}', b"[" * 100_000], ids=range(5))
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        generic.parse(body, {}, NOON)


@pytest.mark.parametrize("message", [{}, {"status": "ok"}, [{}], 7.5, {"summary": ""}, [None, {}]], ids=range(6))
def test_a_message_that_says_nothing_is_refused_or_is_its_own_text(message: object) -> None:
    if message == 7.5:
        assert one(message).summary == "7.5"
        return
    with pytest.raises(Unreadable):
        parse(message)
