"""HTML of a mail as text. ammonia reads it as a browser would, in time that grows with its length only."""

import importlib
import re
from functools import cache
from html import unescape
from types import ModuleType

_LINES = frozenset(
    ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "blockquote", "hr",
     "section", "article", "header", "footer")
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
_UNSEEN = {"script", "style", "title", "head", "noscript", "template"}
_LINK = re.compile(r'<a href="(https?://[^"]*)">([^<]*)</a>')
_TAG = re.compile(r"</?([a-z0-9]+)[^>]*>")


def text(page: str) -> str:
    """Lines where a browser would break them; addresses of links in brackets behind their texts."""
    kept: str = _nh3().clean(
        page,
        tags=_LINES | _CELLS | {"a"},
        clean_content_tags=_UNSEEN,
        attributes={"a": {"href"}},
        link_rel=None,
    )
    joined = " ".join(kept.split())  # what is a line in the source is none on the page
    broken = _TAG.sub(_space, _LINK.sub(_address, joined))
    lines = (" ".join(line.split()) for line in unescape(broken).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@cache
def _nh3() -> ModuleType:
    """Only where such mails come: 2 MB of a process."""
    return importlib.import_module("nh3")


def _address(found: re.Match[str]) -> str:
    return found[2] if found[2] == found[1] else f"{found[2]} ({found[1]})"


def _space(found: re.Match[str]) -> str:
    if found[1] in _LINES:
        return "\n"
    return " " if found[1] in _CELLS else ""
