"""Queries as people type them."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import promql, yaml_text
from tocsin.core.promql import Matcher, Selector


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Write the query."),
        ("rate(x[5m])", "Write [$window]"),
        ("rate(x[$window]", "“(” is never closed."),
        ("rate(x[$window]))", "“)” closes what was never opened."),
        ('rate(x{a="b}[$window])', "quotation mark"),
        ("rate(x[$window]) # all", "Leave comments out"),
        ("rate(x[$window]) + $other", "Only $window"),
        ("rate(x[$window])\x00", "cannot be seen"),
        ("x" * 2001, "longer than 2000"),
        ("rate(x[$window]) '", "quotation mark"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(query: str, said: str) -> None:
    assert said in promql.wrong(query)


@pytest.mark.parametrize(
    "query",
    [
        "rate(x[$window])",
        "rate(x[{{window}}])",
        "rate(x[ {{ window }} ])",
        'sum by (job) (rate(x{path=~"/a(b|c)[0-9]+ # no comment"}[$window]))',
        "sum(\n  rate(x[$window])\n)",
    ],
)
def test_a_query_with_its_placeholder_is_taken(query: str) -> None:
    assert promql.wrong(query) == ""
    assert "[5m]" in promql.over(query, "5m").replace(" ", "")


@given(st.text(max_size=60))
def test_any_text_is_judged(text: str) -> None:
    assert isinstance(promql.wrong(text), str)
    promql.selector(text)
    promql.matchers(text)


@pytest.mark.parametrize(
    ("query", "is_one"),
    [
        ("sum(rate(x[1m]))", True),
        ("sum(a) / sum(b)", False),
        ("sum by (job) (a)", False),
        ("sum(a) by (job)", False),
        ('sum(a{x=")"})', True),
        ("rate(x[1m])", False),
    ],
)
def test_a_sum_is_not_summed_again(query: str, is_one: bool) -> None:
    assert promql.summed(query) == (query if is_one else f"sum({query})")


def test_a_selector_is_read_with_its_matchers() -> None:
    found = promql.selector('sum(rate(http_requests_total{job="a\\"b", code!~`5..`}[{{window}}]))')
    assert found == Selector(
        metric="http_requests_total",
        matchers=(Matcher(label="job", op="=", value='a"b'), Matcher(label="code", op="!~", value="5..")),
    )


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ('code=~"5.."', ""),
        ('code!~"5..|429"', 'job="shop"'),
        ('code="500",path!="/health"', 'path!="/health"'),
        ('status=~"(2|3)[0-9][0-9]"', 'method=~"GET|POST"'),
        ('outcome!="error"', ""),
    ],
)
def test_examples_tell_good_from_bad(inner: str, outer: str) -> None:
    part = Selector(metric="x", matchers=promql.matchers(f"{inner},{outer}") or ())
    total = Selector(metric="x", matchers=promql.matchers(outer) or ())
    inside, outside = promql.shared(part, total), promql.example(total, but_not=part)
    assert inside is not None
    assert outside is not None
    assert part.takes(inside)
    assert total.takes(inside)
    assert total.takes(outside)
    assert not part.takes(outside)


def test_an_expression_that_python_cannot_read_takes_nothing() -> None:
    assert not Matcher(label="a", op="=~", value="(").takes("x")


_TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=20)
_LINES = st.lists(st.text("ab :#-\"'{}", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=3).map("\n".join)


@given(st.recursive(_TEXTS | _LINES | st.integers(), lambda v: st.lists(v, max_size=3)))
def test_yaml_is_read_back_the_same(value: object) -> None:

    assert yaml.safe_load(yaml_text.dump({"a": value, "b": [{"c": value}]})) == {"a": value, "b": [{"c": value}]}
