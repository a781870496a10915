"""`core` decides, and needs nothing but Python for it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

CORE = Path(__file__).parents[2] / "src" / "tocsin" / "core"
EXCEPTIONS = {("regular.py", "re2")}  # docs/decisions/0014-expressions-by-re2.md


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_at_home(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names or f"{name}.".startswith("tocsin.core.")


def test_the_core_is_the_standard_library_alone_but_for_re2() -> None:
    found = {(path.name, name) for path in CORE.rglob("*.py") for name in imported(path)}
    assert len(found) > 100
    assert {pair for pair in found if not is_at_home(pair[1])} == EXCEPTIONS
