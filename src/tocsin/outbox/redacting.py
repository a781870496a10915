"""Providers quote addresses in their answers. Everybody reads those; addresses are for their person and for admins."""

import re
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from django.conf import settings

_LEAST = 4  # characters; what is shorter stands in too many words
_MAIL = re.compile(r"[^\s<>()\[\]\"',:;=]{1,128}(?:@|%40)[^\s<>()\[\]\"',:;]*[^\s<>()\[\]\"',:;.]", re.IGNORECASE)


def without_address(text: str, target: str, secret: str = "") -> str:
    """The text without the address that a message went to, or parts of it that tell it, or any other mail address: an
    alias leads to one that Tocsin does not know. The operator's own stays, as without it nobody finds the mistake."""
    ours = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()
    text = _MAIL.sub(lambda found: found[0] if found[0].lower() == ours else _said("address", found), text)
    for part in sorted(set(_parts(target)), key=len, reverse=True):
        text = _hidden(text, part, "address")
    return _hidden(text, secret, "secret")


def _parts(target: str) -> Iterator[str]:
    local, at, _ = target.rpartition("@")
    if at and "/" not in target:
        yield local
    url = urlsplit(target) if "://" in target else None
    if url is not None:
        path = url.path + (f"?{url.query}" if url.query else "")
        yield from (target, url.netloc, url.hostname or "", path, unquote(path))
        yield from (url.path.rpartition("/")[2], url.query)  # a topic or token


def _hidden(text: str, part: str, name: str) -> str:
    if len(part) < _LEAST:
        return text
    return re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", lambda found: _said(name, found), text, flags=re.IGNORECASE)


def _said(name: str, found: re.Match[str]) -> str:
    return f"{'The' if found.start() == 0 else 'the'} {name}"
