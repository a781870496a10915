"""Headers that a message cannot be read without, kept with it: a field at the end of its JSON object."""

from collections.abc import Mapping

import msgspec

from tocsin.sources import loose
from tocsin.sources.loose import Json

FIELD = "tocsin_headers"
_LONGEST = 200


def keep(body: bytes, found: Mapping[str, str]) -> bytes:
    """At the end, where it counts more than a field of that name that the sender may have put before it."""
    said = {name: value[:_LONGEST] for name, value in found.items() if value}
    if not said:
        return body
    inner = body.rstrip()[:-1].rstrip()
    comma = b"" if inner.endswith(b"{") else b","
    return b'%s%s"%s":%s}' % (inner, comma, FIELD.encode(), msgspec.json.encode(said))


def kept(sent: Json, name: str) -> str:
    return loose.text(loose.part(sent, FIELD), name)
