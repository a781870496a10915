"""Header lines of ours, put before a mail when it comes in: which address it came to.

Whatever the sender wrote under such names is taken out first, and so is the key, which is a secret.
"""

import re
from collections.abc import Mapping

TO = "X-Tocsin-To"  # the address, without its key
TAG = "X-Tocsin-Tag"  # what stood behind the plus
FROM = "X-Tocsin-From"  # the envelope's sender
MARK = "X-Tocsin-Sent-By"  # in our own outgoing mails: the host of the public URL
_OURS = re.compile(rb"^x-tocsin-[^:\r\n]*:.*(?:\r?\n[ \t].*)*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")
HIDDEN = "0" * 32


def stamped(raw: bytes, said: Mapping[str, str], key: str = "") -> bytes:
    """The mail as it is kept. `key`: what is not to be kept with it."""
    head, rest = _split(raw)
    lines = b"".join(f"{name}: {_safe(value)}\r\n".encode() for name, value in said.items() if value)
    kept = lines + _OURS.sub(b"", head) + rest
    return re.sub(re.escape(key).encode(), HIDDEN.encode(), kept, flags=re.IGNORECASE) if key else kept


def is_own(raw: bytes, host: str, sender: str) -> bool:
    """Whether Tocsin sent it itself, or it is the report that such a mail could not be delivered. These would go round
    for ever. Other mails of machines are what this is for."""
    mark = f"\n{MARK}: {host}".lower().encode()
    head, _ = _split(raw)
    searched = b"\n" + (head if sender else raw)
    return mark in searched.lower()


def _split(raw: bytes) -> tuple[bytes, bytes]:
    found = _END.search(raw)
    end = found.start() if found else len(raw)
    return raw[:end], raw[end:]


def _safe(value: str) -> str:
    return "".join(c for c in value if c.isprintable())[:255]
