"""Counting what is tried too often, in this process."""

from django.core.cache import cache


def note(name: str, seconds: int) -> int:
    """One more; how many there were since the first of them, for so many seconds after it."""
    cache.add(name, 0, seconds)
    try:
        return int(cache.incr(name))
    except ValueError:  # they have run out since the line above
        cache.set(name, 1, seconds)
        return 1
