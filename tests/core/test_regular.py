"""Regular expressions that cannot run away."""

import re
import warnings
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.regular import Irregular, Regular


@pytest.mark.parametrize(
    ("expression", "text", "matched"),
    [
        ("", "", True),
        ("a|", "", True),  # an empty alternative
        ("a{2,3}", "aaa", True),
        ("a{2,3}", "aaaa", False),
        ("a{2}", "aa", True),
        ("a{2,}", "a" * 9, True),
        ("a{,3}", "a{,3}", True),  # no numbers: the braces stand for themselves
        ("a+?b", "aab", True),  # lazy or not, the whole text has to match
        ("(?:ab)*", "abab", True),
        ("(?P<name>x)y", "xy", True),
        ("(?i)Web", "wEB", True),
        ("(?i:w)eb", "WEB", False),  # the flag ends with its group
        ("(?i)[^a]", "A", False),
        ("[]a]+", "]a", True),  # a bracket that closes at once stands for itself
        ("[^]a]", "]", False),
        ("[a-c-]+", "b-", True),
        ("[[:digit:]x]+", "1x", True),
        ("[[:^digit:]]", "1", False),
        (r"[\d.]+", "10.5", True),
        (r"\D\W\S", "a-b", True),
        (r"\bdb\b.*", "db-1", True),
        (r".*\Bb", "ab", True),
        (r"^a$", "a", True),
        (r"a$b", "ab", False),
        (r"\Qa.b\E.", "a.bc", True),
        (r"\Qa.b\E.", "axbc", False),
        (r"\x41\x{1F514}\n", "A🔔\n", True),
        ("(a*)*", "aaa", True),  # what can be empty, again and again
        (".", "🔔", True),
    ],
)
def test_matches(expression: str, text: str, matched: bool) -> None:
    assert Regular(expression).matches(text) is matched


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("(", "missing ): ("),
        (")", "unexpected ): )"),
        ("[a", "missing ]: [a"),
        ("a**", "bad repetition operator: **"),
        ("+", "no argument for repetition operator: +"),
        ("\\", "trailing \\"),
        (r"\k", r"invalid escape sequence: \k"),
        ("[z-a]", "invalid character class range: z-a"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("(?=a)", "invalid perl operator: (?="),  # nothing looks ahead
        ("[[:cat:]]", "invalid character class range: [:cat:]"),
        ("((a{1000}){1000}){1000}", "invalid repetition size: {1000}"),
        ("a" * 4001, "it is longer than 4000 characters"),
    ],
)
def test_what_is_not_an_expression_is_refused(expression: str, complaint: str) -> None:
    with pytest.raises(Irregular) as refused:
        Regular(expression)
    assert str(refused.value) == complaint


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|a)*b", "(a|aa)+b", "a*a*a*a*a*a*b", "(.*)*x", "(a?){50}a{50}b"])
def test_an_expression_that_would_run_for_years_answers_at_once(expression: str) -> None:
    assert not Regular(expression).matches("a" * 2_000 + "!")


parts = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab|a)", "(?:b)", "x", r"\w", r"\b", "^", "$"])
counted = st.tuples(parts, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "*?"])).map("".join)
sequences = st.lists(counted, max_size=5).map("".join)
expressions = st.lists(sequences, min_size=1, max_size=3).map("|".join)


@given(expressions, st.text(alphabet="abx-", max_size=8))
def test_it_agrees_with_python(expression: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = re.compile(expression.replace("$", r"\Z"), re.ASCII | re.DOTALL).fullmatch(text) is not None
        except re.error:
            return
    assert Regular(expression).matches(text) is expected


@given(st.text(alphabet=st.characters(), max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    with suppress(Irregular):
        assert Regular(text).matches("") in (True, False)
