"""Whether the secret key is the one with which this database was sealed."""

from tocsin import sealing
from tocsin.health import settings

_NAME, _TEXT = "secret key", "Tocsin"
WRONG = (
    "TOCSIN_SECRET_KEY is not the key of this database: what is sealed in it (addresses, passwords) could not be read, "
    "and pages would reach nobody. Give this node the key of the others, or bring `secret.key` back from a backup. "
    "If it is lost, `tocsin migrate --lost-key` goes on with the key that is set, and what was sealed is typed anew."
)


def is_right() -> bool:
    """So of a database that has never been started with a key, too."""
    mark = settings.get(_NAME)
    try:
        return mark is None or sealing.unseal(str(mark)) == _TEXT
    except sealing.Unsealable:
        return False


def remember() -> None:
    """From now on this key is the right one, unless there was one before."""
    if settings.get(_NAME) is None:
        go_on()


def go_on() -> None:
    """From now on this key is the right one, whatever was before."""
    settings.put(_NAME, sealing.seal(_TEXT))
