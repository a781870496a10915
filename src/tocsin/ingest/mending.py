"""Bodies that are JSON but for their characters: a mark of byte order, half a surrogate pair, bytes that are no UTF-8.

Scripts that put names of files into an alert send them. What is not a character becomes U+FFFD: an alert with one odd
letter is worth more than none.
"""

import codecs
import re

# a whole pair, half of one, any other escape
_ESCAPE = re.compile(rb"\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|ud[89a-f][\da-f]{2}|.)", re.IGNORECASE | re.DOTALL)
_HALF = len(rb"\ud800")


def mended(body: bytes) -> bytes:
    """The same where nothing is wrong with its characters."""
    text = body.removeprefix(codecs.BOM_UTF8).decode(errors="replace").encode()
    return _ESCAPE.sub(_whole, text) if rb"\ud" in text.lower() else text


def _whole(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if len(found[0]) == _HALF else found[0]
