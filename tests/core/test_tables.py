"""The tables say what each of their rows is for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCHEDULES = ("test_rota.py", "test_hard_cases.py", "test_quality.py", "../apps/test_ical.py")
RULES = ("test_conditions.py", "test_escalation.py", "test_handover.py", "test_reach.py", "test_care.py")
WANTED = 120


def rows(name: str) -> Iterator[tuple[int, bool]]:
    """The line of each row of each table, and whether it has a comment of its own."""
    source = (HERE / name).read_text()
    lines = source.split("\n")
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.parametrize":
            for row in call.args[1].elts if isinstance(call.args[1], ast.List) else ():
                yield row.lineno, lines[row.lineno - 2].lstrip().startswith("#") or "  # " in lines[row.lineno - 1]


@pytest.mark.parametrize("name", SCHEDULES + RULES)
def test_every_row_says_what_it_is_for(name: str) -> None:
    assert [line for line, is_said in rows(name) if not is_said] == []


def test_the_features_of_schedules_have_their_rows() -> None:
    assert sum(1 for name in SCHEDULES for _ in rows(name)) >= WANTED
