"""How to point a tool here, as paragraphs of text and of code to copy."""

from dataclasses import dataclass

from django.conf import settings

from tocsin.services.queries import inbound_url
from tocsin.sources.registry import SOURCES

NO_KEY = "YOUR-KEY"  # stands for a key that is shown no more
_CODE = ("  ", "curl ", "{", "}", "receivers:", "route:")


@dataclass(frozen=True, kw_only=True)
class Part:
    text: str
    is_code: bool


def parts(kind: str, key: str) -> list[Part]:
    """Paragraphs are apart by an empty line; one with an indented line in it is code."""
    if kind not in SOURCES:
        return []
    text = SOURCES[kind].setup.replace("{url}", inbound_url(kind, key)).replace("{key}", key)
    text = text.replace("{base}", settings.PUBLIC_URL.rstrip("/")).replace("{host}", settings.MAIL_HOST)
    found = [p.strip("\n") for p in text.split("\n\n") if p.strip()]
    return [Part(text=p, is_code=any(line.startswith(_CODE) for line in p.splitlines())) for p in found]
