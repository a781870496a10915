"""Whether a message was signed by the tool that its integration listens to."""

from datetime import datetime

from tocsin.ingest.contract import Key, Unavailable
from tocsin.ingest.http import Scope, header
from tocsin.sealing import Unsealable, unseal
from tocsin.sources.registry import SOURCES


def is_trusted(key: Key, scope: Scope, body: bytes, now: datetime) -> bool:
    """An integration without a secret trusts whoever has its key. `Unavailable` when the secret cannot be opened."""
    is_signed = SOURCES[key.kind].is_signed
    if not key.secret or is_signed is None:
        return True
    try:
        secret = unseal(key.secret)
    except Unsealable as error:
        raise Unavailable(str(error)) from error
    return is_signed(secret, body, lambda name: header(scope, name.encode()).decode("latin-1"), now)
