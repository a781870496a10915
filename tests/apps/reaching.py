"""What the functions of the apps come to call, read from their source: who writes, who asks, who leaves a record."""

import ast
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from django.apps import apps

Function = Callable[..., object]
WRITES = {"save", "create", "update", "delete", "get_or_create", "update_or_create", "executemany"}
WRITES |= {"bulk_create", "bulk_update"}
_NOT_ROOMS = (".migrations", ".templatetags", ".views", ".api", ".forms", ".management")


def functions() -> dict[str, Function]:
    """All public functions of all apps that are done by an `actor`, by module and name."""
    found: dict[str, Function] = {}
    for app in apps.get_app_configs():
        if app.name.startswith("tocsin."):
            for info in pkgutil.walk_packages(import_module(app.name).__path__, f"{app.name}."):
                if not any(f"{part}." in f"{info.name}." for part in _NOT_ROOMS):
                    found |= _of(import_module(info.name))
    return found


def _of(module: ModuleType) -> dict[str, Function]:
    own = inspect.getmembers(module, lambda f: inspect.isfunction(f) and f.__module__ == module.__name__)
    return {
        f"{module.__name__.removeprefix('tocsin.')}.{name}": function
        for name, function in own
        if not name.startswith("_") and "actor" in inspect.signature(function).parameters
    }


def writes(function: Function) -> bool:
    return any(WRITES & _attributes(each) for each in reached(function))


def reached(function: Function) -> set[Function]:
    """The function, what it calls, what that calls, and so on, as far as it is named where it is called."""
    found, waiting = {function}, [function]
    while waiting:
        new = _called(waiting.pop()) - found
        found |= new
        waiting += new
    return found


@cache
def _tree(function: Function) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


@cache
def _attributes(function: Function) -> frozenset[str]:
    """Of database writes those that are methods of rows and querysets, not of sets or hashes."""
    return frozenset(
        node.func.attr
        for node in ast.walk(_tree(function))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and not _is_of_a_module(node.func, function)
    )


def _is_of_a_module(node: ast.Attribute, function: Function) -> bool:
    return isinstance(node.value, ast.Name) and inspect.ismodule(_global(function, node.value.id))


def _global(function: Function, name: str) -> object:
    return inspect.unwrap(function).__globals__.get(name)  # type: ignore[attr-defined]


@cache
def _called(function: Function) -> frozenset[Function]:
    return frozenset(each for each in _named(function) if each.__module__.startswith("tocsin."))


def _named(function: Function) -> Iterator[Function]:
    for node in ast.walk(_tree(function)):
        target: object = None
        if isinstance(node, ast.Name):
            target = _global(function, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = getattr(_global(function, node.value.id), node.attr, None)
        if inspect.isfunction(target):
            yield target
