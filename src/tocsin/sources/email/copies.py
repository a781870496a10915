"""Which mail is which.

A tool that numbers all its mails alike must lose none, so the Message-ID counts together with date and content.
"""

import re

from tocsin.sources.copies import receipt_of

_HEAD = re.compile(rb"\r?\n\r?\n")
_NUMBER = re.compile(rb"^(message-id|date):[ \t]*(\S[^\r\n]{0,500})", re.IGNORECASE | re.MULTILINE)


def receipt(raw: bytes, *owner: str) -> str:
    """Of a mail that says which one it is; empty for another: two of these that are alike are two."""
    found = _HEAD.search(raw)
    end = found.start() if found else len(raw)
    said = {name.lower(): value.strip().decode("latin-1") for name, value in _NUMBER.findall(raw[:end])}
    if b"message-id" not in said:
        return ""
    content = raw[end:].decode("latin-1").replace("\r\n", "\n").strip()
    return receipt_of(*owner, said[b"message-id"], said.get(b"date", ""), content)
