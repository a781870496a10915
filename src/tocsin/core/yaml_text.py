"""Plain values as YAML: mappings and lists as blocks, texts in quotes, texts of several lines as literals."""

import json
from collections.abc import Iterator, Mapping, Sequence

Value = object  # a mapping, a sequence, a text, a number


def dump(value: Value) -> str:
    return "\n".join(_lines(value)) + "\n"


def quoted(text: str) -> str:
    """In double quotes; what YAML, JSON and PromQL all read the same."""
    return json.dumps(text, ensure_ascii=False)


def _lines(value: Value) -> Iterator[str]:
    match value:
        case Mapping() if value:
            for name, inner in value.items():
                yield from _entry(f"{name}:", inner)
        case list() | tuple() if value:
            for item in value:
                yield from _item(item)
        case _:
            yield _scalar(value)


def _entry(head: str, inner: Value) -> Iterator[str]:
    if isinstance(inner, str) and "\n" in inner:
        yield f"{head} |-"
        yield from (f"  {line}" for line in inner.split("\n"))
    elif _is_block(inner):
        yield head
        yield from (f"  {line}" for line in _lines(inner))
    else:
        yield f"{head} {_scalar(inner)}"


def _item(item: Value) -> Iterator[str]:
    first, *rest = _lines(item)
    yield f"- {first}"
    yield from (f"  {line}" for line in rest)


def _is_block(value: Value) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _scalar(value: Value) -> str:
    match value:
        case str():
            return quoted(value)
        case Mapping():
            return "{}"
        case Sequence():
            return "[]"
        case _:
            return json.dumps(value)
