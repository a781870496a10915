"""A key between the request that made it and the page that shows it once."""

from django.contrib.sessions.backends.base import SessionBase

from tocsin.sealing import seal, unseal

_NAME = "new_integration_key"


def keep(session: SessionBase, integration_id: int, key: str) -> None:
    """Sealed: sessions lie in the database, and keys do not."""
    session[_NAME] = [integration_id, seal(key)]


def take(session: SessionBase, integration_id: int) -> str:
    """The key, once; empty when there is none for this integration."""
    kept = session.get(_NAME)
    if not kept or kept[0] != integration_id:
        return ""
    del session[_NAME]
    return unseal(kept[1])
