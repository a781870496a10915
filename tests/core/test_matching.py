"""Matchers, in Alertmanager's language."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.matching import Matcher, Op, Unparsable, fields_of, matches, parse, render
from tocsin.core.signals import Action, Severity, Signal

FIELDS = {"severity": "critical", "team": "web", "instance": "db-1:9100", "über": "größe", "note": "two\nlines"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('severity="critical"', True),
        ("severity=critical", True),  # a bare value
        ('{severity="critical"}', True),
        ('{severity="critical",}', True),  # Alertmanager allows a last comma
        ('{ severity = "critical" , team = "web" }', True),  # spaces are free
        ('{severity="critical", team="db"}', False),  # all of them have to hold
        ('team!="db"', True),
        ('team!="web"', False),
        ('team=~"web|db"', True),
        ('team=~"we"', False),  # an expression has to match all of the value
        ('team=~"w.*"', True),
        ('team!~"w.*"', False),
        ("instance=~db-[0-9]+:9100", True),  # bare, in brackets
        ('region=""', True),  # what an alert does not have is empty
        ('region!=""', False),
        ('region=~".+"', False),
        ('region=~".*"', True),
        ('region!~"eu"', True),
        ('"über"="größe"', True),
        ("über=größe", True),
        ('note="two\\nlines"', True),  # an escape
        ('note=~"two.*"', True),  # a dot takes line ends too
        ("{}", True),  # nothing asked for: everything
        ("", True),
    ],
)
def test_holds(text: str, holds: bool) -> None:
    assert matches(parse(text), FIELDS) is holds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{a="b"', "A brace is opened and never closed."),
        ('a="b"}', "A brace is closed and never opened."),
        ('{a="b" c="d"}', 'After a="b" a comma is missing.'),
        ("a", "After “a” one of = != =~ !~ is missing."),
        ("a=", 'After “a=” a value is missing; "" is an empty one.'),
        ('="b"', "Where “=” stands, the name of a field should."),
        ('""="b"', "A matcher needs the name of a field on its left."),
        ('a="b', 'The quote that begins at "b is never closed.'),
        ("a='b'", "“'” at “'b'” must stand in double quotes."),
        ('a="\\q"', "“\\q” is not known in double quotes. A backslash is written \\\\."),
        ('a=~"("', "“(” is not a regular expression: missing ): (."),
        ('a=~"*"', "“*” is not a regular expression: no argument for repetition operator: *."),
        ("{,}", "Where “,” stands, the name of a field should."),
        ('a="' + "b" * 10_000 + '"', "Matchers may be 10000 characters long at most."),
    ],
)
def test_what_is_not_a_matcher_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(Unparsable) as refused:
        parse(text)
    assert str(refused.value) == complaint


names = st.text(min_size=1, max_size=20)
plain = st.builds(Matcher, name=names, op=st.sampled_from([Op.IS, Op.IS_NOT]), value=st.text(max_size=30))
likes = st.builds(Matcher, name=names, op=st.sampled_from([Op.LIKE, Op.UNLIKE]), value=st.sampled_from(["a|b", '.*"x']))


@given(st.lists(st.one_of(plain, likes), max_size=4))
def test_what_is_rendered_is_read_back(matchers: list[Matcher]) -> None:
    assert parse(render(matchers)) == tuple(matchers)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unparsable):
        found = parse(text)
        assert parse(render(found)) == found


@given(names, st.text(max_size=10), st.dictionaries(names, st.text(max_size=10), max_size=3))
def test_a_negation_holds_just_when_the_matcher_does_not(name: str, value: str, fields: dict[str, str]) -> None:
    assert matches([Matcher(name=name, op=Op.IS, value=value)], fields) is not matches(
        [Matcher(name=name, op=Op.IS_NOT, value=value)], fields
    )


def test_fields_are_the_labels_and_what_tocsin_knows() -> None:
    signal = Signal(
        action=Action.TRIGGER,
        dedup_key="k",
        summary="disk full",
        severity=Severity.WARNING,
        source="db-1",
        details={
            "labels": {"alertname": "Disk", "severity": "page", "service": "x"},
            "annotations": {"a": "b"},
            "n": 3,
        },
    )
    assert fields_of(signal, "checkout", "Prometheus", "alertmanager") == {
        "alertname": "Disk",
        "n": "3",
        "severity": "warning",  # a label cannot pass itself off as Tocsin's own
        "labels.severity": "page",
        "labels.service": "x",
        "source": "db-1",
        "component": "",
        "summary": "disk full",
        "dedup_key": "k",
        "service": "checkout",
        "integration": "Prometheus",
        "kind": "alertmanager",
    }


def test_tags_in_a_list_are_fields() -> None:
    signal = Signal(action=Action.TRIGGER, dedup_key="k", details={"tags": ["env:prod", "web", 7], "up": True})
    found = fields_of(signal, "s", "i", "datadog")
    assert (found["env"], found["web"], found["up"]) == ("prod", "", "true")
