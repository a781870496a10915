"""The body of a message that came in, for people to read."""

import json
import re

_SHOWN = 100_000  # characters of a body
_KEY = re.compile(r'("(?:routing|service)_key"\s*:\s*"[^"]{0,4})[^"]*')  # PagerDuty's clients send it in the body


def readable(body: bytes) -> str:
    """JSON indented; anything else as it is, with a mark for each byte that is not UTF-8. Without the key."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    text = _KEY.sub(r"\1…", text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n… cut: {len(text) - _SHOWN} more characters"
