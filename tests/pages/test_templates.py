"""Every template compiles, and what it names is there, also on pages that no test opens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Node, Variable
from django.template.base import FilterExpression, Template
from django.template.defaulttags import URLNode
from django.template.engine import Engine
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.templatetags.static import StaticNode
from django.urls import URLPattern, URLResolver, get_resolver

ROOTS = sorted((settings.HERE).glob("*/templates"))
NAMES = sorted(str(path.relative_to(root)) for root in ROOTS for path in root.rglob("*.*"))


def constant(expression: FilterExpression | Variable | str) -> str | None:
    """What is named as such, and not by a variable."""
    if isinstance(expression, FilterExpression):
        if expression.filters:
            return None
        expression = expression.var
    found = getattr(expression, "literal", expression) if isinstance(expression, Variable) else expression
    return found if isinstance(found, str) else None


def nodes(template: Template) -> Iterator[Node]:
    return iter(template.nodelist.get_nodes_by_type(Node))


def names_of(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names_of(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    return set(names_of(get_resolver().url_patterns))


def test_all_templates_are_looked_at() -> None:
    assert len(NAMES) > 200
    assert Path("ui/base.html") in map(Path, NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles_and_names_what_is_there(name: str, addresses: set[str]) -> None:
    engine = Engine.get_default()
    for node in nodes(engine.get_template(name)):
        if isinstance(node, IncludeNode) and (other := constant(node.template)):
            assert engine.get_template(other)
        elif isinstance(node, ExtendsNode) and (parent := constant(node.parent_name)):
            assert engine.get_template(parent)
        elif isinstance(node, URLNode) and (address := constant(node.view_name)):
            assert address in addresses
        elif isinstance(node, StaticNode) and (file := constant(node.path)):
            assert finders.find(file), file
