"""Generic JSON: by usual names, and by mapping."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import generic
from tocsin.sources.contract import Unreadable
from tocsin.sources.generic import templates
from tocsin.sources.generic.mapping import check_all

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
    message = {"tags": ["x" * 900] * 1000}
    assert len(one(message, summary="{% for a in tags %}{{ a }}{{ a }}{% endfor %}").summary) == 1024


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


def test_each_that_finds_an_empty_list_has_no_alerts_in_it() -> None:
    assert parse({"alarms": []}, each="alarms") == []
    assert parse({"alerts": []}, each="alarms || `[]`") == []
    assert parse({"alarms": [{"on": False}]}, each="alarms[?on]") == []


@pytest.mark.parametrize("message", [{"alerts": [{"summary": "down"}]}, {"alarms": None}, {}, [], "down"])
def test_each_that_finds_nothing_at_all_is_a_mapping_for_something_else(message: object) -> None:
    """A tool that calls its list otherwise from today on must not fall silent."""
    with pytest.raises(Unreadable, match=r"“each” finds nothing.*alarms \|\| `\[\]`"):
        parse(message, each="alarms")


@pytest.mark.parametrize(
    "template",
    [
        "{% set a = 'x' %}{{ a }}",
        "{% for a in l %}{% for b in l %}{{ b }}{% endfor %}{% endfor %}",
        "{% for a in l recursive %}{{ loop(a) }}{% endfor %}",
        "{% for a in l %}{% if a %}{% for b in l %}{% endfor %}{% endif %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% call x() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
        "{% block b %}{% endblock %}",
        "{% with a = l %}{{ a }}{% endwith %}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ cycler(1) }}",
        "{{ s.ljust(999999999) }}",
        "{{ s.format(1) }}",
        "{{ s.replace('', s) }}",
        "{{ s.__class__() }}",
        "{{ s.split(*l) }}",
        "{{ s | center(999999999) }}",
        "{{ s | pprint }}",
        "{{ l | sum(start=l) }}",
        "{{ l | batch(1) }}",
        "{{ s is filter }}",
        "{{ s * 99 }}" * 140,  # more than a template may have in it
        "x" * 4001 + "{{ s }}",
    ],
)
def test_what_does_not_belong_into_a_mapping_is_refused_before_it_is_saved(template: str) -> None:
    with pytest.raises(Unreadable, match="the template of “summary” does not work"):
        check_all({"summary": template})


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ name | upper }}: {{ n + 1 }} of {{ n * 2 }} ({{ 7 % 4 }})", "DB: 4 of 6 (3)"),
        ("{% if n > 2 and 'd' in name %}much{% else %}little{% endif %}", "much"),
        (
            "{% for h in hosts if h != 'b' %}{{ loop.index }}{{ h }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1a",
        ),
        (
            "{% for h in hosts %}{{ h }} {% endfor %}{% for k, v in labels.items() %}{{ k }}={{ v }}{% endfor %}",
            "a b e=p",
        ),
        ("{{ hosts | join(', ') }} {{ hosts | length }} {{ hosts[0] }} {{ name[:1] ~ '-' ~ n }}", "a, b 2 a d-3"),
        ("{{ checks | map(attribute='id') | join('/') }} {{ checks | selectattr('ok') | list | length }}", "1/2 1"),
        ("{{ name.split('b')[0] }}{{ name | replace('d', 'D') }} {{ missing | default('none') }}", "dDb none"),
        ("{{ missing.deeper.still }}{{ ratio | round(1) }} {{ 'x' if missing is defined else 'y' }}", "0.3 y"),
        ("{{ event.name }} {{ item.name | truncate(20) }} {{ name == 'db' }}", "db db True"),
        ("{{ checks | sort(attribute='id', reverse=true) | first }}", "{'id': 2, 'ok': False}"),
    ],
)
def test_what_makes_a_summary_still_does(template: str, text: str) -> None:
    message = {"name": "db", "n": 3, "hosts": ["a", "b"], "labels": {"e": "p"}, "ratio": 0.333}
    message["checks"] = [{"id": 1, "ok": True}, {"id": 2, "ok": False}]
    check_all({"summary": template})
    assert one(message, summary=template).summary == text


@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@, @][]"] * 9),
        "|".join(["{a: @, b: @} | values(@) | []"] * 6),
        "to_string(" + "|".join(["[@, @]"] * 10) + ")",
        "|".join(["map(&[@, @], [@, @][])[]"] * 5),
        "join(text, [text, text])",  # as long as the message, between as many as it has
        "x" * 2001,
        "[" + ",".join(["@"] * 400) + "]",
    ],
)
def test_an_expression_that_makes_much_of_little_is_refused_before_it_is_saved(expression: str) -> None:
    with pytest.raises(Unreadable, match="“details” does not work"):
        check_all({"details": expression})


@pytest.mark.parametrize(
    "expression",
    [
        "{" + ", ".join(f"field{n}: labels.f{n}" for n in range(25)) + "}",
        "alerts[?status=='firing'].labels.alertname | [0]",
        "sort_by(alerts, &startsAt)[-1].annotations.summary || 'none'",
        "join(', ', alerts[].labels.instance)",
        "max_by(checks, &severity).{name: name, at: at} || @",
    ],
)
def test_expressions_that_people_write_are_taken(expression: str) -> None:
    check_all({"details": expression})


def test_each_finds_alerts_and_multiplies_nothing() -> None:
    check_all({"each": "[alarms, warnings][]"})
    with pytest.raises(Unreadable, match="“each” makes too much of a message"):
        check_all({"each": "[@, @, @, @, @][]"})


SOON = 8  # seconds; three on a slow machine
LARGE = {"s": "x" * 250_000, "l": list(range(60_000)), "d": [{"a": "b" * 50}] * 1000}


@pytest.mark.parametrize(
    "mapping",
    [
        {"summary": "{{ " + " ~ ".join(["s"] * 120) + " }}"},
        {"summary": "{% for a in l %}{% if l | join(s) %}{% endif %}{% endfor %}"},
        {"summary": "{% for a in l %}{% if s | replace('x', s) %}{% endif %}{% endfor %}"},
        {"summary": "{% for a in l %}{% if d == d %}{% if 7.5 in l %}{% endif %}{% endif %}{% endfor %}"},
        {"summary": "{% for a in l %}{% if s | upper | lower | title | wordcount > a %}{% endif %}{% endfor %}"},
        {"summary": "{{ l | map('join', s) | join }}"},
        {"summary": "{{ '%999999999d' % 1 }}"},
        {"summary": "{{ 1 | round(99999999, 'ceil') }}"},
        {"summary": "{% for a in l %}{% if l[::2] %}{% endif %}{% endfor %}"},
        {"each": "l[:900]", "details": "@", "summary": "{{ event.s | upper }}{{ event.l | sort | first }}"},
    ],
)
def test_a_large_message_ends_soon_whatever_is_made_of_it(mapping: dict[str, object]) -> None:
    began = time.process_time()
    with suppress(Unreadable):
        parse(LARGE, **mapping)
    assert time.process_time() - began < SOON


_NAMES = st.sampled_from(["s", "l", "d", "n", "item", "event", "missing"])
_VALUES = st.recursive(
    _NAMES | st.sampled_from(["'x'", "3", "[]", "none"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["~", "+", "*", "%", "==", "in", "and", "<", "//"]), inner).map(
            lambda p: f"({p[0]} {p[1]} {p[2]})"
        ),
        st.tuples(inner, st.sampled_from(sorted(templates._environment.filters))).map(lambda p: f"({p[0]} | {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} | join({p[1]}) | replace('x', {p[1]}))"),
        st.tuples(inner, st.sampled_from(["split('x')", "items()", "count('')", "upper()", "get('a')"])).map(
            lambda p: f"({p[0]}).{p[1]}"
        ),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[{p[1]}]"),
        inner.map(lambda v: f"({v})[::2]"),
    ),
    max_leaves=12,
)
_PARTS = st.recursive(
    _VALUES.map(lambda v: f"{{{{ {v} }}}}"),
    lambda inner: st.one_of(
        st.tuples(_VALUES, inner).map(lambda p: f"{{% for a in {p[0]} %}}{p[1]}{{% endfor %}}"),
        st.tuples(_VALUES, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% endif %}}"),
        st.tuples(inner, inner).map("".join),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(_PARTS)
def test_no_template_runs_for_long_or_fails_in_a_way_of_its_own(template: str) -> None:
    message = {"s": "x" * 40_000, "l": list(range(5000)), "d": {"a": ["b"] * 500}, "n": 7}
    began = time.process_time()
    with suppress(Unreadable):
        parse(message, summary=template)
    assert time.process_time() - began < SOON


_PATHS = st.recursive(
    st.sampled_from(["@", "s", "l", "d", "l[*]", "l[]", "d.*", "`[1]`", "'x'", "l[?@ > `3`]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" | ", " || ", " && ", " == "]), inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, {p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, {p[1]}][]"),
        st.tuples(inner, inner).map(lambda p: f"{{a: {p[0]}, b: {p[1]}}}"),
        st.tuples(st.sampled_from(["to_string", "values", "to_array", "reverse", "length", "sort"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        st.tuples(inner, inner).map(lambda p: f"map(&{p[0]}, {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"join({p[0]}, {p[1]})"),
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(_PATHS)
def test_no_expression_runs_for_long_or_fails_in_a_way_of_its_own(expression: str) -> None:
    message = {"s": "x" * 20_000, "l": list(range(2000)), "d": {"a": ["b"] * 500}}
    began = time.process_time()
    with suppress(Unreadable):
        parse(message, details=expression, summary="'x'")
    assert time.process_time() - began < SOON
